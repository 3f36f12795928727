import { Empty } from "../parts/states.tsx";

/** To come. */
export function KeysPage() {
  return <Empty title="This page is being built." />;
}
