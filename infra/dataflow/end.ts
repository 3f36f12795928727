import { DataflowError } from "./errors.ts";
import { DataflowService, type Ending, hasEnded, type JobInfo } from "./service.ts";
import type { ServiceUrls } from "./clients.ts";
import type { DataflowTarget } from "./target.ts";
import { untilState, type Waiting } from "./wait.ts";

/** Which job of which place. */
export type JobRef = Pick<DataflowTarget, "project" | "region" | "jobName">;

/** A job, and what Dataflow reported as its errors. */
export interface JobStatus extends JobInfo {
  readonly errors: readonly string[];
}

/** How the newest job of that name is, whether it runs or not. @throws DataflowError `no_running_job` */
export async function statusOf(ref: JobRef, urls: ServiceUrls): Promise<JobStatus> {
  const service = new DataflowService(ref, urls);
  const [newest] = await service.jobsNamed(ref.jobName);
  if (newest === undefined) throw none(ref, "there was never a job");
  return { ...newest, errors: await service.errorsOf(newest.id) };
}

/**
 * Ends the job of that name, and returns when it has ended. Drained, it stops reading, fires what is open, and ends
 * itself; cancelled, it is gone with what it had not written yet, which Pub/Sub delivers again. Asked again while it
 * ends, it waits on.
 * @throws DataflowError `no_running_job`
 */
export async function endJob(
  ref: JobRef,
  how: Ending,
  urls: ServiceUrls,
  waiting: Waiting,
): Promise<JobInfo> {
  const service = new DataflowService(ref, urls);
  const running = (await service.jobsNamed(ref.jobName)).find((job) => !hasEnded(job));
  if (running === undefined) throw none(ref, "no job runs");
  const ending = how === "drain" ? ["DRAINING", "CANCELLING"] : ["CANCELLING"];
  if (!ending.includes(running.state)) await service.end(running.id, how);
  return await untilState(service, running, ["DRAINED", "CANCELLED"], ref, waiting);
}

function none({ jobName, project, region }: JobRef, what: string): DataflowError {
  const message = `${what} named ${jobName} in ${region} of ${project}: check --job-name, --region and --project`;
  return new DataflowError("no_running_job", message, { jobName });
}
