import type { Registry } from "../../pipeline/define/index.ts";
import type { ServiceUrls } from "./clients.ts";
import { emitJob, type EmittedJob, HASH_LABEL, shortHash } from "./emit.ts";
import { DataflowError } from "./errors.ts";
import { checkImage } from "./image.ts";
import { DataflowService, hasEnded, isEnding, type JobInfo } from "./service.ts";
import { Staging } from "./staging.ts";
import type { DataflowTarget } from "./target.ts";
import { replacement, type Replaces, type UpdateOptions } from "./update.ts";
import { untilState, type Waiting } from "./wait.ts";

/** How a job is submitted. */
export interface SubmitOptions {
  readonly urls: ServiceUrls;
  /** Replace the running job of that name, and carry on with its state. */
  readonly update?: UpdateOptions;
  readonly waiting: Waiting;
  /** Told what is being done: for people. */
  readonly onStep: (step: string) => void;
}

/**
 * Submits the job, and returns when it runs. Asked again, it goes on where it was: what is stored stays, and a job that
 * runs as it should is left alone.
 * @throws DataflowError
 */
export async function submitJob(
  registry: Registry,
  target: DataflowTarget,
  options: SubmitOptions,
): Promise<JobInfo> {
  const { urls, waiting, onStep } = options;
  const emitted = await emitJob(registry, target);
  const service = new DataflowService(target, urls);
  const [newest, ...older] = await service.jobsNamed(target.jobName);
  const running = [newest, ...older].find((job) => job && !hasEnded(job));

  if (running && isOf(running, emitted) && !isEnding(running)) {
    onStep(`job ${running.id} is this one already`);
    return await untilState(service, running, ["RUNNING"], target, waiting);
  }
  const staging = new Staging(target, urls);
  const replaces = await replacement(running, options.update, { target, emitted, service, staging });
  if (replaces?.added) {
    onStep(`compatible with the running graph; new: ${replaces.added.join(", ") || "nothing"}`);
  }
  const image = await checkImage(target.image, urls);
  if (image === "not checked") onStep("the image can't be checked from here");
  await staging.store(emitted.pipelineObject, emitted.pipelineProto);
  onStep(`graph stored: gs://${target.bucket}/${emitted.pipelineObject}`);
  const created = await createOrFind(service, emitted, requestId(emitted, newest), target, replaces);
  onStep(`job ${created.id} created: ${consoleUrl(target, created.id)}`);
  return await untilState(service, created, ["RUNNING"], target, waiting);
}

/** Another submission may have been faster with the same job. */
async function createOrFind(
  service: DataflowService,
  emitted: EmittedJob,
  clientRequestId: string,
  { jobName }: DataflowTarget,
  replaces: Replaces | undefined,
): Promise<JobInfo> {
  try {
    return await service.create(emitted.job, clientRequestId, replaces);
  } catch (error) {
    if (!(error instanceof DataflowError && error.code === "name_taken")) throw error;
    const same = (await service.jobsNamed(jobName)).find((job) => !hasEnded(job) && isOf(job, emitted));
    if (same === undefined) throw error;
    return same;
  }
}

/**
 * Two requests of one id make one job. So the id holds what is asked for and what came before: after a drain, the same
 * job may be created again.
 */
function requestId({ hash }: EmittedJob, newest: JobInfo | undefined): string {
  return `freshet-${shortHash(hash)}-after-${newest?.id ?? "none"}`;
}

function isOf(job: JobInfo, { hash }: EmittedJob): boolean {
  return job.labels[HASH_LABEL] === shortHash(hash);
}

/** Where a person sees the job. */
export function consoleUrl(
  { project, region }: Pick<DataflowTarget, "project" | "region">,
  jobId: string,
): string {
  return `https://console.cloud.google.com/dataflow/jobs/${region}/${jobId}?project=${project}`;
}
