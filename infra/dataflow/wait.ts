import { setTimeout as sleep } from "node:timers/promises";
import { DataflowError } from "./errors.ts";
import { quotaAdvice } from "./explain.ts";
import type { DataflowService, JobInfo } from "./service.ts";
import type { DataflowTarget } from "./target.ts";

/** How a job is waited for. */
export interface Waiting {
  /** Aborted when it has been long enough. */
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** Told of each state that the job comes to. */
  readonly onState: (state: string) => void;
}

/**
 * Waits until a job is in one of the wanted states.
 * @throws DataflowError `job_failed` with Dataflow's errors when it ends otherwise, `not_in_time`
 */
export async function untilState(
  service: DataflowService,
  job: JobInfo,
  wanted: readonly string[],
  place: Pick<DataflowTarget, "project" | "region">,
  { signal, pollMs, onState }: Waiting,
): Promise<JobInfo> {
  let shown = "";
  for (let now = job; ; now = await service.get(job.id)) {
    if (now.state !== shown) onState((shown = now.state));
    if (wanted.includes(now.state)) return now;
    if (["FAILED", "CANCELLED", "DRAINED", "DONE", "UPDATED"].includes(now.state)) {
      throw await failed(service, now, place);
    }
    try {
      await sleep(pollMs, undefined, { signal });
    } catch {
      const message = `job ${now.id} is still ${now.state}: it goes on without being watched; look again with --status`;
      throw new DataflowError("not_in_time", message, { jobId: now.id, state: now.state });
    }
  }
}

async function failed(
  service: DataflowService,
  { id, state }: JobInfo,
  place: Pick<DataflowTarget, "project" | "region">,
): Promise<DataflowError> {
  const errors = await service.errorsOf(id);
  const told = errors.length > 0 ? errors.join("\n") : "Dataflow gives no reason";
  const hint = hintOf(told, place);
  const message = `job ${id} came to an end, ${state}: ${told}${hint === undefined ? "" : `\n${hint}`}`;
  return new DataflowError("job_failed", message, { jobId: id, state, errors });
}

/** What to do about what Dataflow reports of a job that didn't start. */
function hintOf(
  text: string,
  { project, region }: Pick<DataflowTarget, "project" | "region">,
): string | undefined {
  if (/pull|manifest unknown|image.{0,60}not found/i.test(text)) {
    return (
      "The workers could not pull the image: push it, and give their service account roles/artifactregistry.reader " +
      "on its repository"
    );
  }
  if (/quota|ZONE_RESOURCE_POOL_EXHAUSTED/i.test(text)) return quotaAdvice(project, region);
  if (/roles\/dataflow\.worker|dataflow\.workItems/i.test(text)) {
    return "Give the workers' service account roles/dataflow.worker on the project";
  }
  if (/subnetwork|network/i.test(text)) {
    return "Check --subnetwork: it must be in the region, with Private Google Access, since workers have no public address";
  }
  return undefined;
}
