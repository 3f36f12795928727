import type { Installation } from "../install/index.ts";
import type { StackPorts } from "../ports.ts";
import type { ChildSpec } from "../processes.ts";

/** The processes of the stack. */
export const PART_NAMES = ["engine", "pubsub", "bigtable", "bigquery"] as const;
export type PartName = (typeof PART_NAMES)[number];

/** What every part's command line is made of. */
export interface PartSetup {
  readonly installation: Installation;
  readonly ports: StackPorts;
  /** Logs and data of this run. */
  readonly dir: string;
  /** `host:port` of Pub/Sub's REST endpoint, ours or another. */
  readonly pubsubRest: string;
}

/** How a part is run; its readiness line's content is of no further use. */
export type PartSpec = ChildSpec<unknown>;
