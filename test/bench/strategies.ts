/**
 * What an event costs in the windows of a view by each strategy, JVM and Node apart: dense keys (10,000 users by Zipf's
 * law) and sparse ones (a million users, each alike), one count over thirty minutes and a view with nine columns, each
 * beside what its source and decoding cost by themselves. Compare at one number of events only: fewer cost more each.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/strategies.ts [--events 100000] [--only dense,timers] [--stores]
 *
 * CPU is what all threads of a process took, garbage collection and compilation too. Each job runs with few events
 * first, to be warm, then with one: what that takes is a job's start, and is left out. All jobs are bounded: no early
 * panes, and rows go nowhere; with `--stores` into the emulators of Bigtable and then BigQuery, as in the pipeline. What
 * the emulators cost is not counted.
 */
import path from "node:path";
import { Command } from "commander";
import { startLoneEngine } from "../../infra/local/lone-engine.ts";
import { startSession } from "../../infra/local/session.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { assignEvents } from "../../pipeline/beam/assign.ts";
import { Graph } from "../../pipeline/beam/beam.ts";
import { decodeMessages } from "../../pipeline/beam/decode.ts";
import { submit } from "../../pipeline/beam/job.ts";
import { reshuffleRows } from "../../pipeline/beam/readable.ts";
import { writeOffline, writeOnline } from "../../pipeline/beam/store-sinks.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { groupSlices } from "../../pipeline/beam/slices.ts";
import { windowsOf } from "../../pipeline/beam/windows.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { StateChannel } from "../../pipeline/harness/channels/state.ts";
import { startWorkerPool } from "../../pipeline/harness/worker-pool.ts";
import { closeClients } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { list, wholeNumber } from "../../pipeline/options.ts";
import { benchViews } from "./bench-views.ts";
import { readShop, registerShop, type Shop } from "./shop-source.ts";
import { conditions, inBenchFolder, ownCpuUs, table, usageOf } from "./support.ts";

interface Flags {
  readonly events: number;
  readonly only?: readonly string[];
  readonly stores?: boolean;
}

/** A job to measure: a name, and its graph over a shop. */
interface Job {
  readonly what: string;
  readonly shop: Shop;
  readonly graph: (shop: Shop, stores?: StoreEndpoints) => Graph;
}

/** Where jobs run, and what their rows go to. */
interface Engine {
  /** `host:port`. */
  readonly jobService: string;
  readonly pid: number;
  readonly stores?: StoreEndpoints;
  stop(): Promise<void>;
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
  .option("--stores", "write the rows to Bigtable and BigQuery")
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
        graph: (of: Shop, stores?: StoreEndpoints) => {
          const graph = new Graph();
          const candidates = assignEvents(graph, decoded(graph, of), plan);
          const batches = groupSlices(graph, candidates, plan);
          const rows = windowsOf(graph, batches, plan, { early: false, strategy });
          if (stores === undefined) return graph;
          writeOffline(
            graph,
            reshuffleRows(graph, writeOnline(graph, rows, plan, stores), plan),
            plan,
            stores,
          );
          return graph;
        },
      })),
    ),
  ].filter(({ what }) => flags.only?.every((word) => what.includes(word)) ?? true);
});

function decoded(graph: Graph, shop: Shop) {
  return decodeMessages(graph, readShop(graph, EVENT, shop), EVENT);
}

/** An engine alone, or within a stack with stores. */
async function startEngine(dir: string): Promise<Engine> {
  const onProgress = progressDisplay(process.stderr);
  if (!flags.stores) return startLoneEngine(dir, { onProgress });
  const runDir = path.join(dir, "run");
  const { stack, stores } = await startSession({
    registry: benchViews,
    runDir,
    pubsubEmulatorHost: null,
    onProgress,
    onEvent: (event) => console.error(event),
    onEngineDied: () => console.error("the engine died"),
  });
  const stop = async () => {
    await closeClients();
    await stack.stop();
  };
  const { engine } = stack.pids();
  if (engine === undefined) throw new Error("the stack has no engine");
  return { jobService: stack.endpoints.jobService, pid: engine, stores, stop };
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
  const engine = await startEngine(path.join(dir, "engine"));
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
      await run(graph({ ...shop, events: Math.min(shop.events, 50_000) }, engine.stores));
      const start = await run(graph({ ...shop, events: 1 }, engine.stores));
      const whole = await run(graph(shop, engine.stores));
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
