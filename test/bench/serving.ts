/**
 * What the feature server adds to a bare read of Bigtable, and what a request costs it, against an emulator.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/serving.ts [--requests 400] [--bigtable-emulator host:port ...]
 *
 * Bare is the Bigtable client's own `Table.getRows` with the same filter, in this process; the server is a process of
 * its own, asked over a connection that is kept. The kinds take turns, request by request, so that a busy machine is
 * busy for all. Requests per core are those of a second of the server's CPU time, under 16 callers at once.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { cellLimitMs, currentEnd } from "../../pipeline/core/answer.ts";
import { familyOf, rowKeyOf } from "../../pipeline/core/cell.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import {
  defineFeatureService,
  defineFeatureView,
  defineRegistry,
  defineServices,
} from "../../pipeline/define/index.ts";
import { user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { addStoreOptions, storesOf, type StoreFlags, wholeNumber } from "../../pipeline/options.ts";
import { startFeatureServer } from "../../pipeline/serving/feature-server.ts";
import { bigtableLayout, tableIdOf } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { defaultRetryPolicy } from "../../pipeline/stores/retry.ts";
import { testRow } from "../support/stores.ts";
import { conditions, table, usageOf } from "./support.ts";

interface ServingFlags extends StoreFlags {
  readonly requests: number;
}

const KEYS = 1_000;
const CALLERS = 16;
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

if (process.send !== undefined) {
  const server = await startFeatureServer({
    services,
    stores: JSON.parse(process.argv[2] ?? "") as StoreEndpoints,
    host: "127.0.0.1",
    port: 0,
    limits: { keys: KEYS, bodyBytes: 1_048_576, deadlineMs: 10_000 },
    admission: { concurrent: 128, queued: 256 },
    logFraction: 0,
    accessLog: false,
    write: () => undefined,
  });
  process.send(server.url);
} else {
  const command = addStoreOptions(new Command("serving")).option(
    "--requests <n>",
    "of each kind",
    wholeNumber,
    400,
  );
  await command.action(bench).parseAsync();
  process.exit();
}

async function bench(flags: ServingFlags): Promise<void> {
  const found = await storesOf(flags);
  const stores = { ...found, bigtable: { ...found.bigtable, instance: "bench-serving" } };
  const client = bigtableClient(stores);
  const { plans } = services.registry;
  await provisionBigtable(client, stores.bigtable.instance, bigtableLayout(plans, stores.generation), retry);
  const store = new BigtableStore(client, stores, retry);
  const keys = Array.from({ length: KEYS }, (_, i) => `user ${String(i)}`);
  for (const plan of plans) {
    const windowEndMs = currentEnd(plan, Date.now());
    await store.writeRows(
      plan,
      keys.map((key) => testRow(plan, { key, windowEndMs, values: plan.columns.map(() => 1) })),
    );
  }
  const child = fork(SELF, [JSON.stringify(stores)]);
  const [url] = (await once(child, "message")) as [string];
  console.log(conditions());

  const bareTable = client.instance(stores.bigtable.instance).table(tableIdOf(userPurchases.plan));
  const bare = async (views: readonly ViewPlan[], some: readonly string[]) => {
    const limit = new Date(cellLimitMs(userPurchases.plan, Date.now()));
    const families = views.map((plan) => familyOf(plan, stores.generation).replaceAll(".", "\\.")).join("|");
    const filter = [
      { family: new RegExp(families) },
      { time: { start: new Date(0), end: limit } },
      { column: { cellLimit: 1 } },
    ];
    const [rows] = await bareTable.getRows({ keys: some.map(rowKeyOf), decode: false, filter });
    if (rows.length !== some.length)
      throw new Error(`${String(rows.length)} rows for ${String(some.length)} keys`);
  };
  const served = async (service: string, some: readonly string[]) => {
    const body = JSON.stringify({ keys: some.map((user_id) => ({ user_id })) });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`${url}/v1/services/${service}:read`, { method: "POST", headers, body });
    const text = await response.text();
    if (response.status !== 200 || text.includes('"error"')) throw new Error(text.slice(0, 300));
  };
  const drawn = (n: number) =>
    Array.from({ length: n }, () => keys[Math.floor(Math.random() * KEYS)] as string);
  const distinct = (n: number) => [...new Set(drawn(4 * n))].slice(0, n);

  const latencies: string[][] = [];
  for (const [service, views] of [
    ["one", plans.slice(0, 1)],
    ["three", plans],
  ] as const) {
    for (const n of [1, 10, 100]) {
      const [bareMs, servedMs] = await taking(flags.requests, () => distinct(n), [
        (some) => bare(views, some),
        (some) => served(service, some),
      ]);
      const cpu = await perCore(child.pid ?? 0, flags.requests, () => served(service, distinct(n)));
      const [b, s] = [bareMs ?? [], servedMs ?? []];
      const ratio = at(s, 0.99) / at(b, 0.99);
      latencies.push([
        `${String(views.length)} views, ${String(n)} keys`,
        ...[at(b, 0.5), at(s, 0.5), at(b, 0.99), at(s, 0.99), ratio].map((ms) => ms.toFixed(2)),
        cpu.toFixed(0),
      ]);
    }
  }
  console.log(
    table(
      ["", "bare p50 ms", "server p50", "bare p99", "server p99", "p99 ratio", "requests a core-second"],
      latencies,
    ),
  );

  const sizes = [10, 25, 50, 100];
  const chunked = sizes.map((size) => async (some: readonly string[]) => {
    const chunks = Array.from({ length: some.length / size }, (_, i) => some.slice(i * size, (i + 1) * size));
    await Promise.all(chunks.map((chunk) => store.readViews(plans, chunk, Date.now())));
  });
  const times = await taking(flags.requests, () => distinct(100), chunked);
  console.log(
    table(
      ["100 keys by requests of", "p50 ms", "p99"],
      sizes.map((size, i) => [
        String(size),
        at(times[i] ?? [], 0.5).toFixed(2),
        at(times[i] ?? [], 0.99).toFixed(2),
      ]),
    ),
  );
  child.kill();
  await closeClients();
}

/** Runs the kinds in turn on the same input, a fifth of it to warm up. @returns the ms of each kind, ascending */
async function taking<T>(
  n: number,
  draw: () => T,
  kinds: readonly ((input: T) => Promise<void>)[],
): Promise<number[][]> {
  const times: number[][] = kinds.map(() => []);
  for (let i = -n / 5; i < n; i++) {
    const input = draw();
    for (const [k, run] of kinds.entries()) {
      const startedMs = performance.now();
      await run(input);
      if (i >= 0) times[k]?.push(performance.now() - startedMs);
    }
  }
  return times.map((all) => all.sort((a, b) => a - b));
}

/** Requests for a second of a process's CPU time. */
async function perCore(pid: number, n: number, ask: () => Promise<void>): Promise<number> {
  const before = await usageOf(pid);
  let left = n;
  const caller = async () => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const after = await usageOf(pid);
  return (n / ((after?.cpuUs ?? NaN) - (before?.cpuUs ?? NaN))) * 1e6;
}

/** A quantile of ascending numbers. */
function at(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
