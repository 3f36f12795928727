import type { Registry } from "../define/index.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { topicsOf } from "../stores/pubsub-layout.ts";
import type { WorkerEnvironment } from "./environment.ts";
import { buildGraph, type GraphOptions } from "./build.ts";
import { type Job, type JobOptions, submit } from "./job.ts";
import type { PubsubSourceOptions } from "./sources.ts";

const JOB_NAME = "freshet";

/** How to run the main job on a Beam job service that runs Flink. */
export interface LaunchOptions extends Omit<PubsubSourceOptions, "subscription"> {
  readonly registry: Registry;
  /** @see GraphOptions.strategies */
  readonly strategies?: GraphOptions["strategies"];
  readonly endpoints: StoreEndpoints;
  /** `host:port` of the job service and of the expansion service beside it. */
  readonly jobService: string;
  readonly expansion: string;
  readonly workers: WorkerEnvironment;
  /** @default "freshet" */
  readonly jobName?: string;
  /** Where heartbeats start, epoch ms. Keep it when a job is restored. */
  readonly startMs: number;
  /** Folder for checkpoints, reachable from every task manager: a path, or a URI of a file system that Flink knows. */
  readonly checkpointDir: string;
  /** Messages are acknowledged at checkpoints. */
  readonly checkpointIntervalMs: number;
  readonly parallelism: number;
  /** A savepoint or retained checkpoint to start from. An embedded Flink ignores it: its engine is told instead. */
  readonly fromSavepoint?: string;
}

/**
 * Builds the graph and submits it as a streaming job.
 * @throws JobError
 */
export async function launch(options: LaunchOptions): Promise<Job> {
  const { registry, endpoints, expansion } = options;
  const sources = Object.fromEntries(
    registry.events.map(({ name }) => [
      name,
      {
        kind: "pubsub" as const,
        expansion,
        subscription: `projects/${endpoints.project}/subscriptions/${topicsOf(name).subscription}`,
        ...(options.marginMs !== undefined && { marginMs: options.marginMs }),
        ...(options.maxInFlight !== undefined && { maxInFlight: options.maxInFlight }),
        ...(options.holdAtStart !== undefined && { holdAtStart: options.holdAtStart }),
      },
    ]),
  );
  const sinks = { kind: "stores", endpoints, startMs: options.startMs } as const;
  const graph = await buildGraph({ registry, sources, sinks, strategies: options.strategies ?? {} });
  const proto = graph.toProto(options.workers);
  return submit(proto, options.jobService, options.jobName ?? JOB_NAME, streamingOptions(options));
}

function streamingOptions(options: LaunchOptions): JobOptions {
  const { checkpointDir, fromSavepoint, jobName = JOB_NAME } = options;
  return {
    jobName, // the name by which Flink shows it
    streaming: true,
    parallelism: options.parallelism,
    checkpointingInterval: options.checkpointIntervalMs,
    ...(fromSavepoint !== undefined && { savepointPath: fromSavepoint }),
    // The default backend keeps a checkpoint in memory and fails at 5 MB: reached after 48,000 message ids.
    stateBackend: "filesystem",
    stateBackendStoragePath: checkpointDir.includes("://") ? checkpointDir : `file://${checkpointDir}`,
    externalizedCheckpointsEnabled: true,
    retainExternalizedCheckpointsOnCancellation: true,
    // Watermarks wait for open bundles, once a stage. With the default of 1,000 ms, timers fire 2 to 3 s late.
    maxBundleTimeMills: 100,
    maxBundleSize: 1_000,
  };
}
