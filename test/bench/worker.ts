/**
 * What an event costs in the worker: Beam alone (a stateless stage), the whole graph, and beside them the graph's
 * arithmetic in plain Node, all on the same recording in the same run.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/worker.ts [--events 200000] [--users 10000] [--seed 1]
 *
 * CPU is what all threads of a process took (garbage collection and compilation too), from submitting a job to its
 * end. Every job runs with fewer events first, to be warm, then with one event: what that takes is the start of a
 * job, seconds of it, and is left out of what an event costs. Both jobs are bounded: all events first, then all
 * windows, as a replay does it; a live stream fires early panes too.
 */
import path from "node:path";
import { Command } from "commander";
import { startLoneEngine } from "../../infra/local/lone-engine.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import type { Graph } from "../../pipeline/beam/beam.ts";
import { buildGraph } from "../../pipeline/beam/build.ts";
import { submit } from "../../pipeline/beam/job.ts";
import { readRecording } from "../../pipeline/beam/recording-source.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import type { PubsubMessage } from "../../pipeline/core/model.ts";
import { features } from "../../pipeline/features/registry.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { startWorkerPool } from "../../pipeline/harness/worker-pool.ts";
import { positiveNumber, wholeNumber } from "../../pipeline/options.ts";
import { decodeAll, windowRows, writtenLength } from "./arithmetic.ts";
import { writeShopRecording } from "./shop-messages.ts";
import { COUNTED, registerStateless, statelessGraph } from "./stateless.ts";
import { conditions, inBenchFolder, ownCpuUs, table, usageOf } from "./support.ts";

interface WorkerFlags {
  readonly events: number;
  readonly users: number;
  readonly seed: number;
  readonly minutes: number;
}

/** What some work took. */
interface Cost {
  readonly what: string;
  readonly events: number;
  readonly ms: number;
  readonly nodeUs: number;
  /** `undefined` where no JVM took part, or its time can't be read. */
  readonly jvmUs: number | undefined;
}

const EVENT = "shop_event";
const MOST_WARM_UP_EVENTS = 20_000;

interface Recording {
  readonly file: string;
  readonly events: number;
}

/** Recordings, by what they are for. */
type Recordings = Readonly<Record<"warmUp" | "start" | "measured", Recording>>;

const flags = new Command("worker")
  .option("--events <n>", "events to measure with", wholeNumber, 200_000)
  .option("--users <n>", "users of the shop, by Zipf's law", wholeNumber, 10_000)
  .option("--seed <n>", "seed of the shop", wholeNumber, 1)
  .option("--minutes <n>", "event time that they spread over", positiveNumber, 60)
  .parse()
  .opts<WorkerFlags>();

await inBenchFolder("worker", async (dir) => {
  console.log(`${flags.events} events of ${flags.users} users in ${flags.minutes} minutes; ${conditions()}`);
  const recordings = await record(dir);
  const { costs: alone, rows } = await arithmetic(recordings);
  const jobs = await onEngine(recordings, dir, rows);
  report(alone, jobs, rows);
});

async function record(dir: string): Promise<Recordings> {
  const make = async (name: string, events: number) => {
    const file = path.join(dir, `${name}.ndjson`);
    await writeShopRecording(file, { ...flags, events });
    return { file, events };
  };
  const fewer = Math.min(flags.events, MOST_WARM_UP_EVENTS);
  return {
    warmUp: await make("warm-up", fewer),
    start: await make("start", 1),
    measured: await make("measured", flags.events),
  };
}

/** The steps of the arithmetic, each with its cost, and the rows that come out. */
async function arithmetic({ warmUp, measured }: Recordings): Promise<{ costs: Cost[]; rows: number }> {
  await stepByStep(warmUp.file);
  return stepByStep(measured.file);
}

async function stepByStep(file: string): Promise<{ costs: Cost[]; rows: number }> {
  const costs: Cost[] = [];
  const step = async <T>(what: string, run: () => T | Promise<T>): Promise<T> => {
    const measure = stopwatch();
    const result = await run();
    const { ms, nodeUs } = measure();
    costs.push({ what, events: messages.length, ms, nodeUs, jvmUs: undefined });
    return result;
  };
  const messages: PubsubMessage[] = [];
  await step("read the recording", async () => {
    for await (const message of readRecording(file)) messages.push(message);
  });
  const events = await step("decode", () => decodeAll(features.event(EVENT), messages));
  const rows = await step("windows", () => features.plans.map((plan) => windowRows(plan, events)));
  await step("rows as JSON", () => features.plans.map((plan, i) => writtenLength(plan, rows[i] ?? [])));
  return {
    costs: costs.map((cost) => ({ ...cost, events: messages.length })),
    rows: rows.reduce((sum, ofView) => sum + ofView.length, 0),
  };
}

/** Both graphs on a warm engine. @throws Error when a graph lost or made up something */
async function onEngine(recordings: Recordings, dir: string, rows: number): Promise<Cost[]> {
  registerTransforms(features);
  registerStateless();
  const engine = await startLoneEngine(path.join(dir, "engine"), {
    onProgress: progressDisplay(process.stderr),
  });
  const pool = await startWorkerPool();
  const run = async (graph: Graph): Promise<Pick<Cost, "ms" | "nodeUs" | "jvmUs">> => {
    const proto = graph.toProto({ kind: "external", pool: pool.address });
    const jvmBefore = (await usageOf(engine.pid))?.cpuUs;
    const measure = stopwatch();
    const job = await submit(proto, engine.jobService, "bench", { streaming: true, parallelism: 1 });
    await job.done().finally(() => {
      job.close();
    });
    const jvmAfter = (await usageOf(engine.pid))?.cpuUs;
    const jvmUs = jvmBefore === undefined || jvmAfter === undefined ? undefined : jvmAfter - jvmBefore;
    return { ...measure(), jvmUs };
  };
  /** @param outcome counters that tell whether all came through, and what they must come to */
  const measured = async (
    what: string,
    make: (file: string) => Promise<Graph>,
    outcome: { readonly counters: string; readonly total: number },
  ): Promise<Cost> => {
    await run(await make(recordings.warmUp.file));
    const start = await run(await make(recordings.start.file));
    const before = counterTotals(outcome.counters);
    const whole = await run(await make(recordings.measured.file));
    mustBe(outcome.counters, counterTotals(outcome.counters) - before, outcome.total);
    console.error(
      `${what}: a job's start took ${seconds(start.ms)}; ${seconds(start.jvmUs, 1e6)} of CPU in the JVM`,
    );
    return {
      what,
      events: recordings.measured.events,
      ms: whole.ms - start.ms,
      nodeUs: whole.nodeUs - start.nodeUs,
      jvmUs: whole.jvmUs === undefined ? undefined : whole.jvmUs - (start.jvmUs ?? 0),
    };
  };
  try {
    const stateless = (file: string) => statelessGraph(EVENT, file);
    const whole = (file: string) =>
      buildGraph({
        registry: features,
        sources: { [EVENT]: { kind: "recording", file } },
        sinks: { kind: "files", dir },
      });
    return [
      await measured("read → map → reshuffle → count", stateless, { counters: COUNTED, total: flags.events }),
      await measured("the graph, rows to files", whole, { counters: ".panes", total: rows }),
    ];
  } finally {
    await pool.stop();
    await engine.stop();
  }
}

/** Starts measuring; the result says what this process took until then. */
function stopwatch(): () => { ms: number; nodeUs: number } {
  const cpuUs = ownCpuUs();
  const sinceMs = performance.now();
  return () => ({ ms: performance.now() - sinceMs, nodeUs: ownCpuUs() - cpuUs });
}

/** Totals of the counters whose names end so. */
function counterTotals(suffix: string): number {
  const { counters } = metricsSnapshot();
  return counters.reduce((sum, { name, total }) => (name.endsWith(suffix) ? sum + total : sum), 0);
}

/** Figures of a run that went wrong are worth nothing. */
function mustBe(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what} is ${found} instead of ${expected}`);
}

function seconds(value: number | undefined, perSecond = 1_000): string {
  return value === undefined ? "–" : `${(value / perSecond).toFixed(1)} s`;
}

function report(alone: readonly Cost[], jobs: readonly Cost[], rows: number): void {
  const total = alone.reduce((sum, cost) => ({
    ...cost,
    what: "the same in plain Node, in all",
    ms: sum.ms + cost.ms,
    nodeUs: sum.nodeUs + cost.nodeUs,
  }));
  const lines = [...alone.map((cost) => ({ ...cost, what: `… ${cost.what}` })), total, ...jobs];
  const cells = ({ what, events, ms, nodeUs, jvmUs }: Cost) => {
    const cpuUs = nodeUs + (jvmUs ?? 0);
    return [
      what,
      Math.round((events * 1000) / ms).toLocaleString("en"),
      (nodeUs / events).toFixed(1),
      jvmUs === undefined ? "–" : (jvmUs / events).toFixed(1),
      (cpuUs / events).toFixed(1),
      (cpuUs / total.nodeUs).toFixed(2),
    ];
  };
  const header = ["", "events/s", "Node µs/event", "JVM µs/event", "CPU µs/event", "ratio"];
  console.log(table(header, lines.map(cells)));
  console.log(`${rows} rows of ${features.plans.length} views; ${conditions()}`);
}
