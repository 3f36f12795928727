import { Empty } from "../parts/states.tsx";

/** To come. */
export function OverviewPage() {
  return <Empty title="This page is being built." />;
}
