import { Empty } from "../parts/states.tsx";

/** To come. */
export function ViewsPage() {
  return <Empty title="This page is being built." />;
}
