import { setTimeout as sleep } from "node:timers/promises";
import { FlinkClient, type FlinkCheckpoints, type FlinkJob, hasEnded } from "./client.ts";
import { FlinkError } from "./errors.ts";

/** Which job of which cluster. */
export interface FlinkJobRef {
  /** `host:port` of the job manager's REST endpoint. */
  readonly flinkMaster: string;
  readonly jobName: string;
}

/** How a job is. */
export interface FlinkStatus {
  readonly job: FlinkJob;
  readonly checkpoints: FlinkCheckpoints;
  /** What made it fail or restart last, if anything did. */
  readonly failure?: string | undefined;
}

const POLL_MS = 200;

/**
 * How the newest job of that name is, whether it runs or not.
 * @throws FlinkError `job_not_found`
 */
export async function flinkStatus(ref: FlinkJobRef): Promise<FlinkStatus> {
  const client = new FlinkClient(ref.flinkMaster);
  const job = (await client.jobs()).find(({ name }) => name === ref.jobName);
  if (!job) throw notFound(ref, "has no job");
  const [checkpoints, failure] = await Promise.all([client.checkpoints(job.id), client.failure(job.id)]);
  return { job, checkpoints, failure };
}

/**
 * Stops the job with a savepoint, for a later submission to go on from.
 * @param savepointDir path or URI below which it is kept, reachable from every task manager
 * @returns the savepoint's path
 * @throws FlinkError `job_not_found`, `savepoint_failed`
 */
export async function stopFlinkJob(ref: FlinkJobRef, savepointDir: string): Promise<string> {
  const { client, job } = await running(ref);
  const savepoint = await client.savepoint(job.id, savepointDir, "cancel");
  await untilEnded(client, job.id);
  return savepoint;
}

/**
 * Takes a savepoint of the job, which runs on.
 * @throws FlinkError `job_not_found`, `savepoint_failed`
 */
export async function savepointOfFlinkJob(ref: FlinkJobRef, savepointDir: string): Promise<string> {
  const { client, job } = await running(ref);
  return client.savepoint(job.id, savepointDir, "run on");
}

/**
 * Cancels the job. Its newest checkpoint stays, and can be gone on from.
 * @throws FlinkError `job_not_found`
 */
export async function cancelFlinkJob(ref: FlinkJobRef): Promise<void> {
  const { client, job } = await running(ref);
  await client.cancel(job.id);
  await untilEnded(client, job.id);
}

async function running(ref: FlinkJobRef): Promise<{ client: FlinkClient; job: FlinkJob }> {
  const client = new FlinkClient(ref.flinkMaster);
  const job = (await client.jobs()).find((found) => found.name === ref.jobName && !hasEnded(found));
  if (!job) throw notFound(ref, "runs no job");
  return { client, job };
}

async function untilEnded(client: FlinkClient, jobId: string): Promise<void> {
  for (;;) {
    const job = (await client.jobs()).find(({ id }) => id === jobId);
    if (!job || hasEnded(job)) return;
    await sleep(POLL_MS);
  }
}

function notFound({ flinkMaster, jobName }: FlinkJobRef, what: string): FlinkError {
  return new FlinkError("job_not_found", `Flink at ${flinkMaster} ${what} ${jobName}`, { jobName });
}
