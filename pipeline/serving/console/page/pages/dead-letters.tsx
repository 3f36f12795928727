import { Empty } from "../parts/states.tsx";

/** To come. */
export function DeadLettersPage() {
  return <Empty title="This page is being built." />;
}
