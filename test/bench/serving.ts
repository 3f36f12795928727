/**
 * What the feature server adds to a bare read of Bigtable, what a request costs it, and what Feast's server costs.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/serving.ts [--requests 300] [--rounds 3] [--feast] [--memory 10]
 *
 * The server is a process of its own on Google's Bigtable emulator. Bare is the Bigtable library's `Table.getRows` with the
 * same filter, in this process. Bare and served take turns, request by request, so that a busy machine is busy for both; of
 * several rounds the medians are shown. How many requests a core serves is tried by an open load (see load.ts).
 */
import { Command } from "commander";
import { cellLimitMs } from "../../pipeline/core/answer.ts";
import { familyOf, rowKeyOf } from "../../pipeline/core/cell.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { wholeNumber } from "../../pipeline/options.ts";
import { tableIdOf } from "../../pipeline/stores/bigtable-layout.ts";
import { bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { startBigtable } from "./bigtable-emulator.ts";
import { type Capacity, capacityOf, perCoreWhenBusy } from "./capacity.ts";
import { startFeast } from "./feast.ts";
import { loadSender } from "./load.ts";
import { ProcessWatch } from "./process-watch.ts";
import { fill, KEYS, plans, type ServedShop, startServer } from "./served-shop.ts";
import { conditions, inBenchFolder, median, quantileOf, table } from "./support.ts";

interface ServingFlags {
  readonly requests: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly limit: number;
  readonly feast?: boolean;
  readonly memory?: number;
  readonly costs?: boolean;
  readonly profile?: string;
}

/** A rate that leaves the server much room, for the run that looks at its memory. */
const MEMORY_RATE = 100;

await new Command("serving")
  .option("--requests <n>", "of each kind and round", wholeNumber, 300)
  .option("--rounds <n>", "of which the medians are shown", wholeNumber, 3)
  .option("--seconds <n>", "of each rate that is tried", wholeNumber, 8)
  .option("--limit <ms>", "that 99 of 100 answers must come within", wholeNumber, 10)
  .option("--feast", "try Feast's server too: installed from PyPI the first time, 700 MB")
  .option("--costs", "only: requests a core-second of busy servers")
  .option("--memory <minutes>", "only: what the server's memory does under a steady load", wholeNumber)
  .option("--profile <dir>", "the server writes a CPU profile there")
  .action(bench)
  .parseAsync();
process.exit();

async function bench(flags: ServingFlags): Promise<void> {
  const emulator = await startBigtable();
  const { stores } = emulator;
  const store = await fill(stores);
  const { profile } = flags;
  const server = await startServer(
    stores,
    profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile],
  );
  console.log(conditions());
  if (flags.memory !== undefined) {
    console.log(await memory(server, flags.memory * 60));
  } else if (flags.costs) {
    console.log(await costs(flags, server));
  } else {
    console.log(await latencies(flags, stores, server));
    console.log(await chunkSizes(flags.requests, (keys) => store.readViews(plans, keys, Date.now())));
    console.log(await capacities(flags, server));
  }
  await server.stop();
  emulator.stop();
  await closeClients();
}

/** Bare and served, for one key and many, one view and several. */
async function latencies(
  { requests, rounds }: ServingFlags,
  stores: StoreEndpoints,
  { url }: ServedShop,
): Promise<string> {
  const rows: string[][] = [];
  for (const [service, views] of [
    ["one", plans.slice(0, 1)],
    ["three", plans],
  ] as const) {
    for (const n of [1, 10, 100]) {
      const kinds = [
        (keys: readonly string[]) => bare(stores, views, keys),
        (keys: readonly string[]) => served(url, service, keys),
      ];
      const figures: number[][] = [];
      for (let round = 0; round < rounds; round++) {
        const [b = [], s = []] = await taking(requests, () => drawn(n), kinds);
        const p99s = [quantileOf(b, 0.99), quantileOf(s, 0.99)] as const;
        figures.push([quantileOf(b, 0.5), quantileOf(s, 0.5), ...p99s, p99s[1] / p99s[0]]);
      }
      const medians = [0, 1, 2, 3, 4].map((i) => median(figures.map((each) => each[i] as number)));
      rows.push([`${String(views.length)} views, ${String(n)} keys`, ...medians.map((ms) => ms.toFixed(2))]);
    }
  }
  return table(["ms", "bare p50", "server p50", "bare p99", "server p99", "p99, ratio"], rows);
}

/** 100 keys by requests of so many: what `Reader` should be told. */
async function chunkSizes(
  requests: number,
  read: (keys: readonly string[]) => Promise<unknown>,
): Promise<string> {
  const sizes = [10, 25, 50, 100];
  const chunked = sizes.map((size) => async (keys: readonly string[]) => {
    const chunks = Array.from({ length: keys.length / size }, (_, i) => keys.slice(i * size, (i + 1) * size));
    await Promise.all(chunks.map(read));
  });
  const times = await taking(requests, () => drawn(100), chunked);
  return table(
    ["100 keys, 3 views, by requests of", "p50 ms", "p99"],
    sizes.map((size, i) => [
      String(size),
      ...[0.5, 0.99].map((q) => quantileOf(times[i] ?? [], q).toFixed(2)),
    ]),
  );
}

async function capacities(
  { seconds, limit, feast }: ServingFlags,
  { url, pid }: ServedShop,
): Promise<string> {
  const sender = loadSender();
  const rows: string[][] = [];
  const add = (name: string, { rate, p99, cores, perCore }: Capacity) =>
    rows.push([
      name,
      rate === 0 ? "none" : String(rate),
      p99.toFixed(1),
      cores.toFixed(2),
      perCore.toFixed(0),
    ]);
  const bodies = (n: number, write: (keys: readonly string[]) => string) =>
    Array.from({ length: 200 }, () => write(drawn(n)));
  for (const n of [1, 10]) {
    for (const service of ["one", "three"]) {
      const to = { url: `${url}/v1/services/${service}:read`, bodies: bodies(n, bodyOf), seconds };
      add(`Freshet, ${service} view(s), ${String(n)} keys`, await capacityOf(sender, to, pid, limit));
    }
  }
  if (feast) {
    await inBenchFolder("feast", async (dir) => {
      const other = await startFeast(dir);
      for (const n of [1, 10]) {
        const to = { url: other.url, bodies: bodies(n, (keys) => other.body(keys)), seconds };
        add(`Feast, one view in SQLite, ${String(n)} keys`, await capacityOf(sender, to, other.pid, limit));
      }
      other.stop();
    });
  }
  sender.stop();
  return table(
    ["", `requests/s at p99 ≤ ${String(limit)} ms`, "p99 ms", "cores", "requests a core-second"],
    rows,
  );
}

/** What a request costs a server that has no time to spare: the fairest figure on a machine with others on it. */
async function costs({ seconds, rounds, feast }: ServingFlags, { url, pid }: ServedShop): Promise<string> {
  const sender = loadSender();
  const found = new Map<string, number[]>();
  const measure = async (name: string, at: string, body: (keys: readonly string[]) => string, of: number) => {
    for (const n of [1, 10]) {
      const load = { url: at, bodies: Array.from({ length: 200 }, () => body(drawn(n))), seconds };
      const label = `${name}, ${String(n)} keys`;
      found.set(label, [...(found.get(label) ?? []), await perCoreWhenBusy(sender, load, of)]);
    }
  };
  await inBenchFolder("feast", async (dir) => {
    const other = feast ? await startFeast(dir) : undefined;
    for (let round = 0; round < rounds; round++) {
      await measure("Freshet, one view", `${url}/v1/services/one:read`, bodyOf, pid);
      if (other !== undefined) {
        await measure("Feast, one view in SQLite", other.url, (keys) => other.body(keys), other.pid);
      }
    }
    other?.stop();
  });
  sender.stop();
  const rows = [...found].map(([name, all]) => [
    name,
    median(all).toFixed(0),
    all.map((n) => n.toFixed(0)).join(" "),
  ]);
  return table(["", "requests a core-second", "rounds"], rows);
}

async function memory({ url, pid }: ServedShop, seconds: number): Promise<string> {
  const sender = loadSender();
  const bodies = Array.from({ length: 200 }, () => bodyOf(drawn(10)));
  const load = { url: `${url}/v1/services/three:read`, bodies, ratePerSecond: MEMORY_RATE };
  await sender.run({ ...load, seconds: 30 }); // or the heap's first growth would count
  const watch = new ProcessWatch({ server: pid });
  const { answered, failed } = await sender.run({ ...load, seconds });
  watch.stop();
  sender.stop();
  const told = `${String(answered)} requests of 10 keys and 3 views in ${String(seconds)} s, ${String(failed)} failed`;
  return `${told}\n${watch.report()}`;
}

async function bare(
  stores: StoreEndpoints,
  views: readonly ViewPlan[],
  keys: readonly string[],
): Promise<void> {
  const { plan } = userPurchases;
  const families = views.map((view) => familyOf(view, stores.generation).replaceAll(".", "\\.")).join("|");
  const filter = [
    { family: new RegExp(families) },
    { time: { start: new Date(0), end: new Date(cellLimitMs(plan, Date.now())) } },
    { column: { cellLimit: 1 } },
  ];
  const bigtable = bigtableClient(stores).instance(stores.bigtable.instance).table(tableIdOf(plan));
  const [rows] = await bigtable.getRows({ keys: keys.map(rowKeyOf), decode: false, filter });
  if (rows.length !== keys.length)
    throw new Error(`${String(rows.length)} rows for ${String(keys.length)} keys`);
}

async function served(url: string, service: string, keys: readonly string[]): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const init = { method: "POST", headers, body: bodyOf(keys) };
  const response = await fetch(`${url}/v1/services/${service}:read`, init);
  const text = await response.text();
  if (response.status !== 200 || text.includes('"error"')) throw new Error(text.slice(0, 300));
}

function bodyOf(keys: readonly string[]): string {
  return JSON.stringify({ keys: keys.map((user_id) => ({ user_id })) });
}

/** Different keys, at random. */
function drawn(n: number): readonly string[] {
  const from = Math.floor(Math.random() * KEYS.length);
  return Array.from({ length: n }, (_, i) => KEYS[(from + i * 7) % KEYS.length] as string);
}

/** Runs the kinds in turn on the same input, a fifth of it to warm up. @returns the ms of each kind, ascending */
async function taking<T>(
  n: number,
  draw: () => T,
  kinds: readonly ((input: T) => Promise<unknown>)[],
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
