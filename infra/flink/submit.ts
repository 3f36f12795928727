import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "../../pipeline/beam/job.ts";
import { launch, type LaunchOptions } from "../../pipeline/beam/launch.ts";
import { type LoneEngineOptions, startLoneEngine } from "../local/lone-engine.ts";
import { FlinkClient, type FlinkJob, hasEnded } from "./client.ts";
import { FlinkError } from "./errors.ts";

/** How to run the main job on a Flink session cluster. */
export interface FlinkSubmission
  extends
    Omit<LaunchOptions, "jobService" | "expansion" | "jobName">,
    Pick<LoneEngineOptions, "pubsubRest" | "mavenRepository" | "onProgress"> {
  /** `host:port` of the job manager's REST endpoint. */
  readonly flinkMaster: string;
  /** One job runs by this name at a time. */
  readonly jobName: string;
  /** Folder for the log of the engine that hands the job over. */
  readonly dir: string;
  /** Longest wait for the job's tasks to run, ms. @default 180000 */
  readonly runningWithinMs?: number;
}

/** The engine's Flink: a job graph is Java's own serialisation, which no other minor version reads. */
const FLINK_VERSION = "1.19.";
const RUNNING_WITHIN_MS = 180_000;
const POLL_MS = 250;

/**
 * Submits the main job to a Flink session cluster, and returns once all its tasks run. An engine of this machine builds
 * the job, uploads it with its Java libraries, and is gone when it runs: the cluster needs nothing of ours but workers.
 * @throws FlinkError, JobError, StackError, InstallError
 */
export async function submitToFlink(options: FlinkSubmission): Promise<FlinkJob> {
  const client = new FlinkClient(options.flinkMaster);
  const known = await checkCluster(client, options);
  const { flinkMaster, pubsubRest, onProgress, mavenRepository } = options;
  const engine = await startLoneEngine(options.dir, {
    flinkMaster,
    pubsubRest,
    ...(onProgress && { onProgress }),
    ...(mavenRepository !== undefined && { mavenRepository }),
  });
  try {
    const { jobService, expansion } = engine;
    const job = await launch({ ...options, jobService, expansion });
    try {
      return await untilRunning(client, job, known, options);
    } finally {
      job.close();
    }
  } finally {
    await engine.stop();
  }
}

/** What would make the job fail only later. @returns ids of the jobs that the cluster has seen */
async function checkCluster(
  client: FlinkClient,
  { flinkMaster, jobName, parallelism }: FlinkSubmission,
): Promise<ReadonlySet<string>> {
  const { version, freeSlots, slots } = await client.overview();
  if (!version.startsWith(FLINK_VERSION)) {
    const message = `Flink at ${flinkMaster} is version ${version}: the job needs ${FLINK_VERSION}x`;
    throw new FlinkError("flink_version", message, { version });
  }
  const jobs = await client.jobs();
  const same = jobs.find((job) => job.name === jobName && !hasEnded(job));
  if (same) {
    const message = `job ${jobName} runs already (${same.id}, ${same.state}): stop it first with --stop, or choose another --job-name`;
    throw new FlinkError("job_runs_already", message, { jobName, jobId: same.id });
  }
  if (freeSlots < parallelism) {
    const message = `Flink at ${flinkMaster} has ${freeSlots} of ${slots} task slots free: --parallelism ${parallelism} needs as many`;
    throw new FlinkError("too_few_slots", message, { freeSlots, parallelism });
  }
  return new Set(jobs.map(({ id }) => id));
}

/** Waits until the job, which `known` doesn't name yet, has all its tasks running: its workers have answered then. */
async function untilRunning(
  client: FlinkClient,
  job: Job,
  known: ReadonlySet<string>,
  { jobName, runningWithinMs = RUNNING_WITHIN_MS }: FlinkSubmission,
): Promise<FlinkJob> {
  const refused: { why?: Error } = {};
  job.done().catch((error: unknown) => {
    refused.why = error instanceof Error ? error : new Error(String(error));
  });
  const deadline = performance.now() + runningWithinMs;
  for (;;) {
    const found = (await client.jobs()).find(({ id, name }) => name === jobName && !known.has(id));
    if (found?.state === "RUNNING" && found.runningTasks === found.tasks) return found;
    if (found && hasEnded(found)) throw await failed(client, found, `came to an end: ${found.state}`);
    if (!found && refused.why !== undefined) throw refused.why;
    if (performance.now() > deadline) {
      const seconds = Math.round(runningWithinMs / 1000);
      if (found) throw await failed(client, found, `doesn't run ${seconds} s after its submission`);
      throw new FlinkError("job_failed", `Flink shows no job ${jobName} ${seconds} s after its submission`);
    }
    await sleep(POLL_MS);
  }
}

async function failed(client: FlinkClient, { id, name }: FlinkJob, what: string): Promise<FlinkError> {
  const cause = (await client.failure(id)) ?? "no exception is recorded";
  return new FlinkError("job_failed", `job ${name} (${id}) ${what}\n${cause}`, { jobId: id });
}
