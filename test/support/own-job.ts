/** The main job on the shared stores, with an engine and workers of a test file's own: what can be cut off, and looked into. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { localDir } from "../../infra/local/install/context.ts";
import { startLoneEngine } from "../../infra/local/lone-engine.ts";
import { launch } from "../../pipeline/beam/launch.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { features } from "../../pipeline/features/registry.ts";
import { type BackPressure, sumOfBackPressure } from "../../pipeline/harness/channels/back-pressure.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { startWorkerPool, type WorkerPoolOptions } from "../../pipeline/harness/worker-pool.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";

/** A running job. */
export interface OwnJob {
  /** Total of the counters with such names in this process, over all transforms and all lives of the job. */
  counter(name: string | RegExp): number;
  /** What the present workers have seen of back-pressure. */
  readonly backPressure: BackPressure;
  /** What the engine has logged: why bundles failed. */
  engineLog(): Promise<string>;
  /** How many parts of the job have failed so far; all start again from the checkpoint then. */
  failures(): Promise<number>;
  stop(): Promise<void>;
}

export interface OwnJobOptions extends Pick<WorkerPoolOptions, "highWaterBytes"> {
  /** The stores as the job's workers see them. */
  readonly endpoints: StoreEndpoints;
  /** `host:port` of Pub/Sub as the engine sees it. */
  readonly pubsubRest: string;
  readonly maxInFlight?: number;
}

/** Starts an engine, workers in this process, and the main job. */
export async function startOwnJob({
  endpoints,
  pubsubRest,
  maxInFlight,
  ...workers
}: OwnJobOptions): Promise<OwnJob> {
  const dir = await mkdtemp(path.join(localDir(process.env), "test-job-"));
  const checkpointDir = path.join(dir, "checkpoints");
  await mkdir(checkpointDir);
  registerTransforms(features);
  const [engine, pool] = await Promise.all([startLoneEngine(dir, { pubsubRest }), startWorkerPool(workers)]);
  const job = await launch({
    registry: features,
    endpoints,
    jobService: engine.jobService,
    expansion: engine.expansion,
    workers: { kind: "external", pool: pool.address },
    checkpointDir,
    checkpointIntervalMs: 1_000,
    parallelism: 1,
    startMs: Date.now(),
    ...(maxInFlight !== undefined && { maxInFlight }),
  });
  const engineLog = () => readFile(path.join(dir, "engine.log"), "utf8");
  return {
    counter: (name) =>
      metricsSnapshot()
        .counters.filter((counter) =>
          typeof name === "string" ? counter.name === name : name.test(counter.name),
        )
        .reduce((sum, { total }) => sum + total, 0),
    get backPressure() {
      return sumOfBackPressure([...pool.workers.values()].map((worker) => worker.backPressure));
    },
    engineLog,
    failures: async () => (await engineLog()).split("switched from RUNNING to FAILED").length - 1,
    async stop() {
      job.close();
      await engine.stop();
      await pool.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
