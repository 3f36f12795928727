import { outlineOf } from "../../pipeline/beam/outline.ts";
import type { Registry } from "../../pipeline/define/index.ts";
import type { ServiceUrls } from "./clients.ts";
import { type Break, type Compatibility, compare, type TransformNameMapping } from "./compatibility.ts";
import { emitJob, type EmittedJob } from "./emit.ts";
import { DataflowError } from "./errors.ts";
import { DataflowService, hasEnded, isEnding, type JobInfo } from "./service.ts";
import { Staging } from "./staging.ts";
import type { DataflowTarget } from "./target.ts";

/** What an update in place is asked with. */
export interface UpdateOptions {
  readonly mapping: TransformNameMapping;
  /** Don't compare the graphs first. */
  readonly unchecked: boolean;
}

/** The job that a new one takes over from. */
export interface Replaces {
  readonly id: string;
  readonly mapping: TransformNameMapping;
  /** Transforms that begin anew; not known where the graphs weren't compared. */
  readonly added?: readonly string[];
}

/** What is needed to compare with a running job. */
export interface UpdateContext {
  readonly target: DataflowTarget;
  readonly emitted: EmittedJob;
  readonly service: DataflowService;
  readonly staging: Staging;
}

/**
 * Whether the running job could be updated in place to these definitions: to be asked before whatever updates it does.
 * Changes nothing.
 * @returns `undefined` where no job of that name runs
 * @throws DataflowError `graph_missing`, `incompatible_update`
 */
export async function checkJob(
  registry: Registry,
  target: DataflowTarget,
  mapping: TransformNameMapping,
  urls: ServiceUrls,
): Promise<{ readonly job: JobInfo; readonly added: readonly string[] } | undefined> {
  const emitted = await emitJob(registry, target);
  const service = new DataflowService(target, urls);
  const job = (await service.jobsNamed(target.jobName)).find((other) => !hasEnded(other));
  if (job === undefined) return undefined;
  const context = { target, emitted, service, staging: new Staging(target, urls) };
  return { job, added: (await checkUpdate(job, mapping, context)).added };
}

/**
 * The job that the new one takes over from, once that is known to be possible.
 * @param running the job that has the name, if one has
 * @param update `undefined`: a new job is asked for, and none may run
 * @throws DataflowError
 */
export async function replacement(
  running: JobInfo | undefined,
  update: UpdateOptions | undefined,
  context: UpdateContext,
): Promise<Replaces | undefined> {
  const { jobName, region } = context.target;
  if (update === undefined) {
    if (running === undefined) return undefined;
    if (isEnding(running)) {
      const message = `job ${running.id} is ${running.state} and has the name ${jobName} until it has ended: --drain waits for that`;
      throw new DataflowError("job_busy", message, { jobId: running.id, state: running.state });
    }
    const message =
      `a job named ${jobName} is ${running.state} with another graph or other options (${running.id}): replace it in ` +
      "place with --update, end it with --drain, or give another --job-name";
    throw new DataflowError("name_taken", message, { jobName, jobId: running.id });
  }
  if (running === undefined) {
    const message = `no job named ${jobName} runs in ${region}, so there is none to update: submit it without --update`;
    throw new DataflowError("no_running_job", message, { jobName });
  }
  if (running.state !== "RUNNING") {
    const message = `job ${running.id} is ${running.state}: only one that is RUNNING can be updated; see --status`;
    throw new DataflowError("job_busy", message, { jobId: running.id, state: running.state });
  }
  const replaces = { id: running.id, mapping: update.mapping };
  if (update.unchecked) return replaces;
  return { ...replaces, added: (await checkUpdate(running, update.mapping, context)).added };
}

async function checkUpdate(
  running: JobInfo,
  mapping: TransformNameMapping,
  { service, staging, emitted }: UpdateContext,
): Promise<Compatibility> {
  const url = String((await service.optionsOf(running.id))["pipelineUrl"] ?? "");
  const graph = await staging.read(url);
  if (graph === undefined) {
    const message =
      `the graph of job ${running.id} is gone (${url || "its options name none"}), so it can't be compared: ` +
      "--unchecked leaves the comparison to Dataflow";
    throw new DataflowError("graph_missing", message, { jobId: running.id, url });
  }
  const compared = compare(outlineOf(graph), outlineOf(emitted.pipelineProto), mapping);
  if (compared.breaks.length > 0) throw incompatible(running, compared.breaks);
  return compared;
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
