/**
 * How long from publishing an event until the online store answers with it, on a local stack of its own under a
 * steady load; and whether memory stays flat.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/freshness.ts [--rate 200] [--seconds 60] [--seed 1] [--short]
 *         [--warm-up 20s] [--flat 10]
 *
 * Told in two ways: by the worker, of every early row (its newest publish → acknowledged by Bigtable); and by probes,
 * events of users of their own that are looked for in the store's answers. State grows until the longest window and
 * what may come after it have passed: over two hours for the project's own views, three minutes for those of `--short`.
 * So with `--short --warm-up 5m` memory has to be flat, and `--flat 10` makes that a check: the bench fails when more
 * than a tenth more is alive in the worker's heap at last than was at first. Half an hour: `--seconds 1800`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { LocalJob } from "../../infra/local/job/local-job.ts";
import { type Session, startSession } from "../../infra/local/session.ts";
import { quantile, windowedBuckets } from "../../pipeline/commands/quantiles.ts";
import { startSimulation } from "../../pipeline/commands/simulation.ts";
import { features } from "../../pipeline/features/registry.ts";
import { duration, positiveNumber, wholeNumber } from "../../pipeline/options.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient, closeClients, publisherClient } from "../../pipeline/stores/clients.ts";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { defaultRetryPolicy, type Retry } from "../../pipeline/stores/retry.ts";
import { askForLiveHeap, checkFlat, LIVE_HEAP_FLAGS, liveHeapLine, readLiveHeap } from "./live-heap.ts";
import { Probes } from "./probes.ts";
import { ProcessWatch } from "./process-watch.ts";
import { shortLived } from "./short-lived.ts";
import { conditions, inBenchFolder, table } from "./support.ts";

interface FreshnessFlags {
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  readonly warmUp: number;
  readonly checkpointInterval: number;
  readonly short?: boolean;
  readonly flat?: number;
}

/** Longest wait for probes under way when the load has ended. */
const PATIENCE_MS = 30_000;
const WORKER = "worker (Node)";
const retry: Retry = { policy: defaultRetryPolicy, random: Math.random };

const flags = new Command("freshness")
  .option("--rate <n>", "events a second", positiveNumber, 200)
  .option("--seconds <n>", "how long to measure", positiveNumber, 60)
  .option("--seed <n>", "seed of the simulated shop", wholeNumber, 1)
  .option("--warm-up <duration>", "load before measuring", duration, 20_000)
  .option("--short", "views whose state fills within minutes, in place of the project's own")
  .option("--flat <percent>", "fail when what is alive in the worker's heap grows by more", positiveNumber)
  .option("--checkpoint-interval <duration>", "messages are acknowledged that often", duration, 10_000)
  .parse()
  .opts<FreshnessFlags>();

const registry = flags.short ? shortLived : features;
const worker = flags.short && [
  ...LIVE_HEAP_FLAGS,
  fileURLToPath(new URL("short-lived-worker.ts", import.meta.url)),
];

await inBenchFolder("freshness", async (dir) => {
  const heapLog = path.join(dir, "heap.log");
  askForLiveHeap(heapLog);
  let job: LocalJob | undefined;
  const session = await startSession({
    registry,
    runDir: path.join(dir, "run"),
    pubsubEmulatorHost: null,
    onProgress: progressDisplay(process.stderr),
    onEvent: (event) => console.error(event),
    onEngineDied: () => void job?.recover("the engine died"),
  });
  try {
    job = await LocalJob.start(session.stack, {
      registry,
      ...(worker && { worker }),
      endpoints: session.stores,
      checkpointIntervalMs: flags.checkpointInterval,
      startMs: Date.now(),
      onEvent: (event) => console.error(event),
    });
    await measure(session, job, heapLog);
  } finally {
    await job?.stop();
    await closeClients();
    await session.stack.stop();
  }
});

async function measure({ stack, stores }: Session, job: LocalJob, heapLog: string): Promise<void> {
  const probes = new Probes({
    publisher: publisherClient(stores),
    project: stores.project,
    topic: topicsOf("shop_event").source,
    store: new BigtableStore(bigtableClient(stores), stores, retry),
    plan: registry.plan("user_purchases"),
    retry,
  });
  const load = new AbortController();
  const looking = new AbortController();
  const sending = probes.send(load.signal);
  const looked = probes.look(looking.signal);
  // The shop opens when the job runs: what waits until then would have to be caught up first.
  while (probes.latenciesMs.length === 0) await sleep(100);
  const shop = startSimulation(stores, { ratePerSecond: flags.rate, seed: flags.seed }, load.signal);
  await sleep(flags.warmUp);

  const { engine, pubsub, bigtable, bigquery } = stack.pids();
  const watch = new ProcessWatch({
    [WORKER]: job.workerPid,
    "engine (JVM)": engine,
    "Pub/Sub endpoint": pubsub,
    "Bigtable emulator": bigtable,
    "BigQuery emulator": bigquery,
    "this bench: shop and probes": process.pid,
  });
  const bucketsSince = windowedBuckets(Infinity);
  const buckets = () => bucketsSince(performance.now(), job.metrics.distributions(".freshness_ms"));
  const before = {
    probes: probes.latenciesMs.length,
    read: job.metrics.counter("shop_event.read"),
    heaps: readLiveHeap(heapLog).length,
  };
  buckets();
  const sinceMs = performance.now();
  await sleepAndTell(flags.seconds * 1_000, () => {
    const [latest] = probes.latenciesMs.slice(-1);
    return `${job.metrics.counter("shop_event.read")} messages read; the newest probe took ${latest ?? "–"} ms`;
  });
  const tookMs = performance.now() - sinceMs;
  const rows = buckets();
  const read = job.metrics.counter("shop_event.read") - before.read;
  const underLoad = conditions();
  watch.stop();

  load.abort();
  await Promise.all([shop, sending]);
  for (const endMs = Date.now() + PATIENCE_MS; probes.underWay > 0 && Date.now() < endMs;) await sleep(100);
  looking.abort();
  await looked;

  const probed = countEach(probes.latenciesMs.slice(before.probes));
  const line = (what: string, of: ReadonlyMap<number, number>) => [
    what,
    String([...of.values()].reduce((sum, n) => sum + n, 0)),
    ...[0.5, 0.9, 0.99, 1].map((q) => String(quantile(of, q) ?? "–")),
  ];
  console.log(
    `${((read * 1_000) / tookMs).toFixed(0)} events/s for ${flags.seconds} s, early panes after 1s, ` +
      `checkpoints every ${flags.checkpointInterval / 1_000} s; ${underLoad}`,
  );
  console.log(
    table(
      ["publish → readable online, ms", "count", "p50", "p90", "p99", "max"],
      [line("told by the worker, early rows", rows), line("seen by probes", probed)],
    ),
  );
  if (probes.underWay > 0) console.log(`${probes.underWay} probes were never seen`);
  console.log(`\n${watch.report()}`);
  const heaps = readLiveHeap(heapLog).slice(before.heaps);
  if (heaps.length > 0) console.log(`\n${liveHeapLine("worker", heaps)}`);
  if (flags.flat !== undefined) checkFlat("worker", heaps, flags.flat);
}

/** Sleeps, and tells of each ten seconds: who waits for minutes wants to see that all is well. */
async function sleepAndTell(ms: number, tell: () => string): Promise<void> {
  const timer = setInterval(() => console.error(tell()), 10_000);
  await sleep(ms);
  clearInterval(timer);
}

function countEach(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
