import { outlineOf } from "../../pipeline/beam/outline.ts";
import type { Registry } from "../../pipeline/define/index.ts";
import type { ServiceUrls } from "./clients.ts";
import { type Break, compare, type TransformNameMapping } from "./compatibility.ts";
import { emitJob, type EmittedJob, HASH_LABEL, shortHash } from "./emit.ts";
import { DataflowError } from "./errors.ts";
import { checkImage } from "./image.ts";
import { DataflowService, hasEnded, type JobInfo } from "./service.ts";
import { Staging } from "./staging.ts";
import type { DataflowTarget } from "./target.ts";
import { untilState, type Waiting } from "./wait.ts";

/** How a job is submitted. */
export interface SubmitOptions {
  readonly urls: ServiceUrls;
  /** Replace the running job of that name, and carry on with its state. */
  readonly update?: {
    readonly mapping: TransformNameMapping;
    /** Don't compare the graphs first. */
    readonly unchecked: boolean;
  };
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

  if (running && isOf(running, emitted)) {
    onStep(`job ${running.id} is this one already`);
    return await untilState(service, running, ["RUNNING"], target, waiting);
  }
  const staging = new Staging(target, urls);
  const replaces = await replacement(running, { target, emitted, service, staging, options });
  if ((await checkImage(target.image, urls)) === "not checked")
    onStep("the image can't be checked from here");
  await staging.store(emitted.pipelineObject, emitted.pipelineProto);
  onStep(`graph stored: gs://${target.bucket}/${emitted.pipelineObject}`);
  const created = await createOrFind(service, emitted, requestId(emitted, newest), target, replaces);
  onStep(`job ${created.id} created: ${consoleUrl(target, created.id)}`);
  return await untilState(service, created, ["RUNNING"], target, waiting);
}

interface Update {
  readonly target: DataflowTarget;
  readonly emitted: EmittedJob;
  readonly service: DataflowService;
  readonly staging: Staging;
  readonly options: SubmitOptions;
}

interface Replaces {
  readonly id: string;
  readonly mapping: TransformNameMapping;
}

/** The job that the new one takes over from, once that is known to be possible. */
async function replacement(running: JobInfo | undefined, update: Update): Promise<Replaces | undefined> {
  const { target, options } = update;
  if (options.update === undefined) {
    if (running === undefined) return undefined;
    const message =
      `a job named ${target.jobName} is ${running.state} with another graph or other options (${running.id}): replace ` +
      "it in place with --update, end it with --drain, or give another --job-name";
    throw new DataflowError("name_taken", message, { jobName: target.jobName, jobId: running.id });
  }
  if (running === undefined) {
    const message = `no job named ${target.jobName} runs in ${target.region}, so there is none to update: submit it without --update`;
    throw new DataflowError("no_running_job", message, { jobName: target.jobName });
  }
  if (running.state !== "RUNNING") {
    const message = `job ${running.id} is ${running.state}: only one that is RUNNING can be updated; see --status`;
    throw new DataflowError("job_busy", message, { jobId: running.id, state: running.state });
  }
  if (!options.update.unchecked) await checkUpdate(running, options.update.mapping, update);
  return { id: running.id, mapping: options.update.mapping };
}

/** @throws DataflowError `graph_missing`, `incompatible_update` */
async function checkUpdate(running: JobInfo, mapping: TransformNameMapping, update: Update): Promise<void> {
  const { service, staging, emitted, options } = update;
  const url = String((await service.optionsOf(running.id))["pipelineUrl"] ?? "");
  const graph = await staging.read(url);
  if (graph === undefined) {
    const message = `the graph of job ${running.id} is gone (${url || "its options name none"}), so it can't be compared: --unchecked leaves the comparison to Dataflow`;
    throw new DataflowError("graph_missing", message, { jobId: running.id, url });
  }
  const { breaks, added } = compare(outlineOf(graph), outlineOf(emitted.pipelineProto), mapping);
  if (breaks.length > 0) throw incompatible(running, breaks);
  options.onStep(`compatible with the running graph${added.length > 0 ? `; new: ${added.join(", ")}` : ""}`);
}

function incompatible({ id }: JobInfo, breaks: readonly Break[]): DataflowError {
  const lines = breaks.map(({ transform, problem }) => `  ${transform}: ${problem}`);
  const advice = [
    ...(breaks.some(({ code }) => code === "layout_changed")
      ? [
          "A view with other features, sizes or shards is a new version: keep the old one in the registry beside it.",
        ]
      : []),
    ...(breaks.some(({ code }) => code === "transform_gone")
      ? ['A renamed transform: --transform-name-mapping "OLD=NEW"; one that goes on purpose: "OLD=".']
      : []),
    "Or start a new generation beside this one: its own subscription, --generation and --job-name.",
  ];
  const message = `job ${id} can't be updated in place:\n${[...lines, ...advice].join("\n")}`;
  return new DataflowError("incompatible_update", message, { jobId: id, breaks });
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
