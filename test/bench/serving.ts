/**
 * What the feature server adds to a bare read of Bigtable, what a request costs it, and what Feast's server costs.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/serving.ts --only latency [--requests 700] [--rounds 3]
 *     … --only costs --feast [--seconds 5] [--rounds 3]       requests a core-second of servers that are kept busy
 *     … --only capacity [--seconds 5] [--limit 10]            requests a second that are answered in time
 *     … --only memory [--minutes 10] [--flat 10]              what is alive in the server's heap under a steady load
 *     … --only chunks                                         keys a request to the store should have
 *
 * The server is a process of its own on Google's Bigtable emulator, with 1,000 users in three views. Kinds that are compared
 * take turns, request by request or round by round, so that a busy machine is busy for all; of several rounds the medians are
 * shown.
 */
import path from "node:path";
import { Command, Option } from "commander";
import { positiveNumber, wholeNumber } from "../../pipeline/options.ts";
import { closeClients } from "../../pipeline/stores/clients.ts";
import { startBigtable } from "./bigtable-emulator.ts";
import { askForLiveHeap, checkFlat, liveHeapLine, readLiveHeap } from "./live-heap.ts";
import { type LoadSender, loadSender } from "./load.ts";
import { ProcessWatch } from "./process-watch.ts";
import { chunkSizes, latencies } from "./server-latency.ts";
import { type Asked, besideFeast, capacities, costs, servicesOf } from "./server-load.ts";
import { bodyOf, drawn, fill, type ServedShop, startServer } from "./served-shop.ts";
import { conditions, inBenchFolder } from "./support.ts";

const PARTS = ["latency", "costs", "capacity", "memory", "chunks"] as const;
const BY_DEFAULT = new Set<(typeof PARTS)[number]>(["latency", "costs", "capacity"]);

interface ServingFlags {
  readonly only?: (typeof PARTS)[number];
  readonly requests: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly limit: number;
  readonly feast?: boolean;
  readonly minutes: number;
  readonly flat?: number;
  readonly profile?: string;
}

/** A rate that leaves the server much room, for the run that looks at its memory. */
const MEMORY_RATE = 100;

await new Command("serving")
  .addOption(
    new Option("--only <part>", "one part alone (default: latency, costs and capacity)").choices(PARTS),
  )
  .option("--requests <n>", "of each kind and round", wholeNumber, 700)
  .option("--rounds <n>", "of which the medians are shown", wholeNumber, 3)
  .option("--seconds <n>", "of each load that is tried", wholeNumber, 5)
  .option("--limit <ms>", "that 99 of 100 answers must come within", wholeNumber, 10)
  .option("--feast", "try Feast's server too: installed from PyPI the first time, 700 MB")
  .option("--minutes <n>", "of the load that shows what the memory does", wholeNumber, 10)
  .option("--flat <percent>", "fail when what is alive in the server's heap grows by more", positiveNumber)
  .option("--profile <dir>", "the server writes a CPU profile there")
  .action(bench)
  .parseAsync();
process.exit();

async function bench(flags: ServingFlags): Promise<void> {
  const { only, profile } = flags;
  const isAsked = (part: (typeof PARTS)[number]) =>
    only === undefined ? BY_DEFAULT.has(part) : only === part;
  const emulator = await startBigtable();
  const { stores } = emulator;
  const store = await fill(stores);
  await inBenchFolder("serving", async (dir) => {
    const heapLog = path.join(dir, "heap");
    if (isAsked("memory")) askForLiveHeap(heapLog);
    const server = await startServer(
      stores,
      profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile],
    );
    const sender = loadSender();
    if (isAsked("latency")) tell(await latencies(flags, stores, server.url));
    if (isAsked("chunks")) tell(await chunkSizes(flags, store));
    if (isAsked("memory")) await memory(flags, sender, server, heapLog);
    const loaded = async (feast: readonly Asked[]) => {
      const all = [...servicesOf(server), ...feast];
      if (isAsked("costs")) tell(await costs(flags, sender, all));
      if (isAsked("capacity")) tell(await capacities(flags, sender, all));
    };
    await (flags.feast ? besideFeast(stores, dir, loaded) : loaded([]));
    sender.stop();
    await server.stop();
  });
  emulator.stop();
  await closeClients();
}

async function memory(
  { minutes, flat }: ServingFlags,
  sender: LoadSender,
  { url, pid }: ServedShop,
  heapLog: string,
): Promise<void> {
  const bodies = Array.from({ length: 200 }, () => bodyOf(drawn(10)));
  const load = { url: `${url}/v1/services/three:read`, bodies, ratePerSecond: MEMORY_RATE };
  await sender.run({ ...load, seconds: 30 }); // or the heap's first growth would count
  const watch = new ProcessWatch({ server: pid });
  const { answered, failed } = await sender.run({ ...load, seconds: minutes * 60 });
  watch.stop();
  const heaps = readLiveHeap(heapLog);
  tell(
    `${String(answered)} requests of 10 keys and 3 views in ${String(minutes)} min, ${String(failed)} failed\n` +
      `${watch.report()}\n${liveHeapLine("server", heaps)}`,
  );
  if (flat !== undefined) checkFlat("server", heaps, flat);
}

function tell(result: string): void {
  console.log(`${conditions()}\n${result}\n`);
}
