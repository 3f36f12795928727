/**
 * What waits where while the online store takes a tenth of what comes: a steady load on a local stack of its own, healthy,
 * then with the network to Bigtable at a tenth of the bytes that it has just carried, then healthy until all is caught up.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/slow-store.ts [--rate 200] [--healthy 30s] [--slow 60s] [--seed 1]
 */
import { setTimeout as sleep } from "node:timers/promises";
import path from "node:path";
import { Command } from "commander";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { LocalJob } from "../../infra/local/job/local-job.ts";
import { type Session, startSession } from "../../infra/local/session.ts";
import { runSimulator } from "../../infra/local/simulator/run-simulator.ts";
import { features } from "../../pipeline/features/registry.ts";
import { duration, positiveNumber, wholeNumber } from "../../pipeline/options.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient, closeClients, publisherClient } from "../../pipeline/stores/clients.ts";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { publishAll } from "../../pipeline/stores/pubsub-publisher.ts";
import { defaultRetryPolicy, type Retry } from "../../pipeline/stores/retry.ts";
import { tcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { ProcessWatch } from "./process-watch.ts";
import { conditions, inBenchFolder, table } from "./support.ts";

/** Longest time to catch up, ms. */
const PATIENCE_MS = 600_000;
/** The job starts before it is measured. */
const WARM_UP_MS = 20_000;
const retry: Retry = { policy: defaultRetryPolicy, random: Math.random };

const flags = new Command("slow-store")
  .option("--rate <n>", "events a second", positiveNumber, 200)
  .option("--healthy <duration>", "how long the store is healthy at first", duration, 30_000)
  .option("--slow <duration>", "how long it is slow", duration, 60_000)
  .option("--seed <n>", "seed of the simulated shop", wholeNumber, 1)
  .parse()
  .opts<{ rate: number; healthy: number; slow: number; seed: number }>();

await inBenchFolder("slow-store", async (dir) => {
  let job: LocalJob | undefined;
  const session = await startSession({
    registry: features,
    runDir: path.join(dir, "run"),
    pubsubEmulatorHost: null,
    onProgress: progressDisplay(process.stderr),
    onEvent: (event) => console.error(event),
    onEngineDied: () => void job?.recover("the engine died"),
  });
  const network = await tcpProxy(session.stores.bigtable.emulatorHost ?? "", false);
  try {
    job = await LocalJob.start(session.stack, {
      registry: features,
      endpoints: {
        ...session.stores,
        bigtable: { ...session.stores.bigtable, emulatorHost: network.address },
      },
      checkpointIntervalMs: 10_000,
      startMs: Date.now(),
      onEvent: (event) => console.error(event),
    });
    await measure(session, job, network);
  } finally {
    await job?.stop();
    await closeClients();
    await session.stack.stop();
    await network.close();
  }
});

async function measure({ stack, stores }: Session, job: LocalJob, network: TcpProxy): Promise<void> {
  const store = new BigtableStore(bigtableClient(stores), stores, retry);
  const client = publisherClient(stores);
  const topic = topicsOf("shop_event").source;
  const load = new AbortController();
  let published = 0;
  const shop = runSimulator({
    ratePerSecond: flags.rate,
    seed: flags.seed,
    signal: load.signal,
    now: Date.now,
    async publish(messages) {
      await publishAll(client, stores.project, topic, messages, retry);
      published += messages.length;
    },
  });
  const read = () => job.metrics.counter("shop_event.read");
  const lagMs = async () => {
    const marks = await Promise.all(features.plans.map((plan) => store.readCompleteThrough(plan)));
    return Date.now() - Math.min(...marks.map((mark) => mark?.completeThroughMs ?? NaN));
  };
  const rows: string[][] = [];

  /** Measures until something is over. @returns bytes a second to the store */
  async function phase(name: string, over: (sinceMs: number) => boolean | Promise<boolean>): Promise<number> {
    const { engine, pubsub } = stack.pids();
    const watch = new ProcessWatch({ worker: job.workerPid, engine, pubsub });
    const start = { atMs: performance.now(), published, read: read(), bytes: network.passed };
    const since = () => performance.now() - start.atMs;
    let mostWaiting = 0;
    while (!(await over(since()))) {
      await sleep(1_000);
      mostWaiting = Math.max(mostWaiting, published - read());
    }
    watch.stop();
    const seconds = since() / 1_000;
    const bytesPerSecond = (network.passed - start.bytes) / seconds;
    rows.push([
      name,
      seconds.toFixed(0),
      ((published - start.published) / seconds).toFixed(0),
      ((read() - start.read) / seconds).toFixed(0),
      (bytesPerSecond / 1_000).toFixed(0),
      String(mostWaiting),
      ((await lagMs()) / 1_000).toFixed(0),
      ...["worker", "engine", "pubsub"].map((part) => watch.mostOf(part)),
    ]);
    console.error(rows.at(-1)?.join("  "));
    return bytesPerSecond;
  }

  await sleep(WARM_UP_MS);
  const healthy = await phase("healthy", (sinceMs) => sinceMs >= flags.healthy);
  network.setMode("slow", healthy / 10);
  await phase("a tenth of its speed", (sinceMs) => sinceMs >= flags.slow);
  network.setMode("open");
  let behind = Infinity;
  await phase("healthy, until caught up", async (sinceMs) => {
    behind = await lagMs();
    return (published - read() < flags.rate * 2 && behind < 20_000) || sinceMs > PATIENCE_MS;
  });
  load.abort();
  await shop;
  for (const endMs = Date.now() + PATIENCE_MS; read() < published && Date.now() < endMs;) await sleep(1_000);

  console.log(`${flags.rate} events/s; a reader holds 20,000 messages at most; ${conditions()}`);
  const columns = [
    "s",
    "published/s",
    "read/s",
    "kB/s to Bigtable",
    "not yet read, at most",
    "behind at the end, s",
  ];
  console.log(table(["", ...columns, "worker MiB", "engine MiB", "Pub/Sub MiB"], rows));
  console.log(`${published} published, ${read()} read`);
}
