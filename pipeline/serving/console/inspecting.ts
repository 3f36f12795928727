import type { Services } from "../../define/index.ts";
import type { InspectorStores } from "./inspector-stores.ts";
import type { SlowReads } from "./slow-reads.ts";

/** What the API of each inspecting page is made of. */
export interface Inspecting {
  readonly services: Services;
  readonly stores: InspectorStores;
  readonly reads: SlowReads;
  /** Epoch ms. */
  readonly now: () => number;
}
