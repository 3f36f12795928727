/** What tests share that run a job beside others on the shared stack: stores of their own, and workers as processes. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Endpoints } from "../../infra/local/stack-file.ts";
import type { WorkerEnvironment } from "../../pipeline/beam/environment.ts";
import { features } from "../../pipeline/features/registry.ts";
import { provisionStores } from "../../pipeline/stores/provision.ts";
import { provisionPubsub } from "../../pipeline/stores/pubsub-provision.ts";
import { type LiveStores, retry } from "./live.ts";
import { testEndpoints } from "./stores.ts";

/** Workers that a runner starts on this machine by the container contract, with this process's Node. */
export const processWorkers: WorkerEnvironment = {
  kind: "process",
  command: fileURLToPath(new URL("../../pipeline/container.ts", import.meta.url)),
  env: { PATH: [path.dirname(process.execPath), process.env["PATH"] ?? ""].join(path.delimiter) },
};

/** Topics, tables and archive of all features in a project of its own, on a stack's emulators. */
export async function ownStores(name: string, stack: Endpoints): Promise<LiveStores> {
  const stores = { ...testEndpoints(name, stack), project: `${name}-test` };
  await provisionStores(stores, features.plans, retry);
  const events = features.events.map((event) => event.name);
  await provisionPubsub(stores, events, { archive: true }, retry);
  return { session: { stores } };
}
