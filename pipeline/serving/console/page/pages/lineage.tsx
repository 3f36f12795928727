import { Empty } from "../parts/states.tsx";

/** To come. */
export function LineagePage() {
  return <Empty title="This page is being built." />;
}
