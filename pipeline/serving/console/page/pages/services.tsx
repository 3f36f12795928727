import { Empty } from "../parts/states.tsx";

/** To come. */
export function ServicesPage() {
  return <Empty title="This page is being built." />;
}
