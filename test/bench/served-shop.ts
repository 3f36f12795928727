/** A feature server as a process of its own, on an emulator with rows of 1,000 users in three views. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { currentEnd } from "../../pipeline/core/answer.ts";
import {
  defineFeatureService,
  defineFeatureView,
  defineRegistry,
  defineServices,
} from "../../pipeline/define/index.ts";
import { user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { startFeatureServer } from "../../pipeline/serving/feature-server.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { defaultRetryPolicy } from "../../pipeline/stores/retry.ts";
import { testRow } from "../support/stores.ts";
import { LIVE_HEAP_FLAGS, logLiveHeap } from "./live-heap.ts";

const SELF = fileURLToPath(import.meta.url);
const retry = { policy: defaultRetryPolicy, random: Math.random };

const another = (name: string) =>
  defineFeatureView({
    ...{ name, version: 1, source: shopEvents, entity: user, freshness: "1m" },
    window: { slide: "1m", allowedLateness: "5m" },
    features: (agg) => ({
      [`${name}_n`]: agg.count({ over: ["30m", "1h"] }),
      [`${name}_sum`]: agg.sum("amount_usd", { over: ["30m", "1h"] }),
    }),
  });
const [second, third] = [another("second"), another("third")];
const services = defineServices(defineRegistry([userPurchases, second, third]), [
  defineFeatureService({ name: "one", version: 1, views: [userPurchases] }),
  defineFeatureService({ name: "three", version: 1, views: [userPurchases, second, third] }),
]);

/** The views: the service `one` has the first, `three` all. */
export const plans = services.registry.plans;
/** Keys that have rows. */
export const KEYS = Array.from({ length: 1_000 }, (_, i) => `user ${String(i)}`);

/** Different keys, at random. */
export function drawn(n: number): readonly string[] {
  const from = Math.floor(Math.random() * KEYS.length);
  return Array.from({ length: n }, (_, i) => KEYS[(from + i * 7) % KEYS.length] as string);
}

/** A request for some keys. */
export function bodyOf(keys: readonly string[]): string {
  return JSON.stringify({ keys: keys.map((user_id) => ({ user_id })) });
}

/** Writes the rows. The windows are of now: they say nothing an hour later, and cost as much to read. */
export async function fill(stores: StoreEndpoints): Promise<BigtableStore> {
  const client = bigtableClient(stores);
  await provisionBigtable(client, stores.bigtable.instance, bigtableLayout(plans, stores.generation), retry);
  const store = new BigtableStore(client, stores, retry);
  for (const plan of plans) {
    const windowEndMs = currentEnd(plan, Date.now());
    await store.writeRows(
      plan,
      KEYS.map((key) => testRow(plan, { key, windowEndMs, values: plan.columns.map(() => 1) })),
    );
  }
  return store;
}

/** A server that runs; it ends with this process at the latest. */
export interface ServedShop {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the server. @param [nodeOptions] of its process, such as `--cpu-prof` */
export async function startServer(
  stores: StoreEndpoints,
  nodeOptions: readonly string[] = [],
): Promise<ServedShop> {
  const child = fork(SELF, ["server", JSON.stringify(stores)], {
    execArgv: [...LIVE_HEAP_FLAGS, ...nodeOptions],
  });
  process.on("exit", () => void child.kill());
  const [url] = (await once(child, "message")) as [string];
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

if (process.argv[1] === SELF && process.argv[2] === "server") {
  const server = await startFeatureServer({
    services,
    stores: JSON.parse(process.argv[3] ?? "") as StoreEndpoints,
    host: "127.0.0.1",
    port: 0,
    limits: { keys: KEYS.length, bodyBytes: 1_048_576, deadlineMs: 10_000 },
    admission: { concurrent: 128, queued: 100_000 },
    logFraction: 0,
    accessLog: false,
    write: () => undefined,
  });
  logLiveHeap();
  process.send?.(server.url);
  process.once("SIGTERM", () => process.exit()); // by itself, or --cpu-prof would write nothing
}
