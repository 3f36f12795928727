/**
 * What an event costs in the windows of a view by each strategy, JVM and Node apart: dense keys (10,000 users by Zipf's
 * law) and sparse ones (a million users, each alike), one count over thirty minutes and a view with nine columns, each
 * beside what its source and decoding cost by themselves. Compare at one number of events only: fewer cost more each.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/strategies.ts [--events 100000] [--only dense,timers]
 *
 * CPU is what all threads of a process took, garbage collection and compilation too. Each job runs with few events
 * first, to be warm, then with one: what that takes is a job's start, and is left out. All jobs are bounded: no early
 * panes, and rows go nowhere.
 */
import path from "node:path";
import { Command } from "commander";
import { startLoneEngine } from "../../infra/local/lone-engine.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { assignEvents } from "../../pipeline/beam/assign.ts";
import { Graph } from "../../pipeline/beam/beam.ts";
import { decodeMessages } from "../../pipeline/beam/decode.ts";
import { submit } from "../../pipeline/beam/job.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { groupSlices } from "../../pipeline/beam/slices.ts";
import { windowsOf } from "../../pipeline/beam/windows.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { StateChannel } from "../../pipeline/harness/channels/state.ts";
import { startWorkerPool } from "../../pipeline/harness/worker-pool.ts";
import { list, wholeNumber } from "../../pipeline/options.ts";
import { benchViews } from "./bench-views.ts";
import { readShop, registerShop, type Shop } from "./shop-source.ts";
import { conditions, inBenchFolder, ownCpuUs, table, usageOf } from "./support.ts";

interface Flags {
  readonly events: number;
  readonly only?: readonly string[];
}

/** A job to measure: a name, and its graph over a shop. */
interface Job {
  readonly what: string;
  readonly shop: Shop;
  readonly graph: (shop: Shop) => Graph;
}

interface Cost {
  readonly nodeUs: number;
  readonly jvmUs: number;
  readonly rows: number;
  readonly stateRequests: number;
}

const EVENT = "shop_event";
const ROWS = ".panes";
const STRATEGIES = ["timers", "beam-windows"] as const;

const flags = new Command("strategies")
  .option("--events <n>", "events to measure with", wholeNumber, 100_000)
  .option("--only <words>", "only jobs whose names have all of these words, by comma", list)
  .parse()
  .opts<Flags>();

const shops = {
  dense: { users: 10_000, spread: "zipf" },
  sparse: { users: 1_000_000, spread: "even" },
} as const;

const jobs: Job[] = Object.entries(shops).flatMap(([name, keys]) => {
  const shop: Shop = { ...keys, events: flags.events, minutes: 127, seed: 1 };
  return [
    { what: `${name}: read and decode`, shop, graph: decodedOnly },
    ...benchViews.plans.flatMap((plan) =>
      STRATEGIES.map((strategy) => ({
        what: `${name}: ${plan.name}, ${strategy}`,
        shop,
        graph: (of: Shop) => {
          const graph = new Graph();
          const candidates = assignEvents(graph, decoded(graph, of), plan);
          windowsOf(graph, groupSlices(graph, candidates, plan), plan, { early: false, strategy });
          return graph;
        },
      })),
    ),
  ].filter(({ what }) => flags.only?.every((word) => what.includes(word)) ?? true);
});

function decoded(graph: Graph, shop: Shop) {
  return decodeMessages(graph, readShop(graph, EVENT, shop), EVENT);
}

function decodedOnly(shop: Shop): Graph {
  const graph = new Graph();
  decoded(graph, shop);
  return graph;
}

await inBenchFolder("strategies", async (dir) => {
  registerTransforms(benchViews);
  registerShop();
  const requests = countStateRequests();
  const engine = await startLoneEngine(path.join(dir, "engine"), {
    onProgress: progressDisplay(process.stderr),
  });
  const pool = await startWorkerPool();
  const run = async (graph: Graph): Promise<Cost> => {
    const before = await totals();
    const proto = graph.toProto({ kind: "external", pool: pool.address });
    const job = await submit(proto, engine.jobService, "bench", { streaming: true, parallelism: 1 });
    await job.done().finally(() => {
      job.close();
    });
    const after = await totals();
    return {
      nodeUs: after.nodeUs - before.nodeUs,
      jvmUs: after.jvmUs - before.jvmUs,
      rows: after.rows - before.rows,
      stateRequests: after.stateRequests - before.stateRequests,
    };
  };
  const totals = async (): Promise<Cost> => ({
    nodeUs: ownCpuUs(),
    jvmUs: (await usageOf(engine.pid))?.cpuUs ?? NaN,
    rows: counterTotal(ROWS),
    stateRequests: requests(),
  });
  try {
    const cells: string[][] = [];
    for (const { what, shop, graph } of jobs) {
      await run(graph({ ...shop, events: Math.min(shop.events, 50_000) }));
      const start = await run(graph({ ...shop, events: 1 }));
      const whole = await run(graph(shop));
      const perEvent = (us: number) => (us / shop.events).toFixed(1);
      const nodeUs = whole.nodeUs - start.nodeUs;
      const jvmUs = whole.jvmUs - start.jvmUs;
      const row = [what, perEvent(nodeUs), perEvent(jvmUs), perEvent(nodeUs + jvmUs)];
      cells.push([
        ...row,
        whole.rows.toLocaleString("en"),
        (whole.stateRequests / shop.events).toFixed(3),
        mebibytes(process.memoryUsage.rss()),
        mebibytes((await usageOf(engine.pid))?.rssBytes ?? NaN),
      ]);
      console.error(cells.at(-1)?.join("  "));
    }
    console.log(`${flags.events} events; ${conditions()}`);
    console.log(
      table(
        [
          "",
          "Node µs/event",
          "JVM µs/event",
          "CPU µs/event",
          "rows",
          "state requests/event",
          "Node MiB",
          "JVM MiB",
        ],
        cells,
      ),
    );
  } finally {
    await pool.stop();
    await engine.stop();
  }
});

/** Counts what is asked of the runner's state; the result says how much so far. */
function countStateRequests(): () => number {
  let count = 0;
  for (const name of ["get", "append", "clear"] as const) {
    const original = Reflect.get(StateChannel.prototype, name) as (...args: unknown[]) => unknown;
    StateChannel.prototype[name] = function counted(this: StateChannel, ...args: unknown[]) {
      count += 1;
      return original.apply(this, args);
    } as never;
  }
  return () => count;
}

function counterTotal(suffix: string): number {
  const { counters } = metricsSnapshot();
  return counters.reduce((sum, { name, total }) => (name.endsWith(suffix) ? sum + total : sum), 0);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
