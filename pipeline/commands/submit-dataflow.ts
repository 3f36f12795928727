import { type Command, Option } from "commander";
import type { ServiceUrls } from "../../infra/dataflow/clients.ts";
import type { JobStatus } from "../../infra/dataflow/end.ts";
import type { Waiting } from "../../infra/dataflow/wait.ts";
import { formatInstant } from "../core/instant.ts";
import { features } from "../features/registry.ts";
import { duration } from "../options.ts";
import { addDataflowOptions, type DataflowFlags, pair, placeOf, targetOf } from "./dataflow-options.ts";
import { note, say, sayJson } from "./output.ts";

interface SubmitFlags extends DataflowFlags {
  readonly update?: boolean;
  readonly transformNameMapping?: Readonly<Record<string, string>>;
  readonly unchecked?: boolean;
  readonly check?: boolean;
  readonly drain?: boolean;
  readonly cancel?: boolean;
  readonly status?: boolean;
  readonly json?: boolean;
  readonly within: number;
  readonly poll: number;
  readonly dataflowEndpoint?: string;
  readonly storageEndpoint?: string;
  readonly registryEndpoint?: string;
}

/** Options of `freshet submit` for Dataflow. */
export function addDataflowSubmitOptions(command: Command): void {
  addDataflowOptions(command)
    .addOption(
      new Option("--update", "replace the running job in place; it keeps its state").conflicts([
        "drain",
        "cancel",
        "status",
      ]),
    )
    .option(
      "--transform-name-mapping <old=new>",
      "for --update and --check: a renamed transform; may be repeated",
      pair,
    )
    .option("--unchecked", "for --update: leave it to Dataflow to compare the graphs")
    .addOption(
      new Option("--check", "compare with the running job's graph, and change nothing").conflicts([
        "update",
        "unchecked",
        "drain",
        "cancel",
        "status",
      ]),
    )
    .addOption(
      new Option("--drain", "end the job: stop reading, finish what is read").conflicts(["cancel", "status"]),
    )
    .addOption(new Option("--cancel", "end the job at once").conflicts(["status"]))
    .option("--status", "show the job")
    .option("--json", "answer with a JSON document")
    .addOption(
      new Option("--within <duration>", "how long to wait for the job")
        .argParser(duration)
        .default(900_000, "15m"),
    )
    .addOption(new Option("--poll <duration>").argParser(duration).default(5_000).hideHelp())
    .addOption(new Option("--dataflow-endpoint <url>").env("FRESHET_DATAFLOW_ENDPOINT").hideHelp())
    .addOption(new Option("--storage-endpoint <url>").env("FRESHET_STORAGE_ENDPOINT").hideHelp())
    .addOption(new Option("--registry-endpoint <url>").env("FRESHET_REGISTRY_ENDPOINT").hideHelp());
}

/** Submits, updates, ends or shows the Dataflow job. @throws DataflowError */
export async function submitToDataflow(flags: SubmitFlags): Promise<void> {
  const urls = urlsOf(flags);
  const waiting: Waiting = {
    signal: AbortSignal.timeout(flags.within),
    pollMs: flags.poll,
    onState: (state) => note(`job is ${state}`),
  };
  // Google's clients take a second to load: only once they are asked for something.
  if (flags.status) {
    const { statusOf } = await import("../../infra/dataflow/end.ts");
    const job = await statusOf(placeOf(flags), urls);
    if (flags.json) sayJson(job);
    else for (const line of statusLines(job)) say(line);
    return;
  }
  if (flags.drain || flags.cancel) {
    const { endJob } = await import("../../infra/dataflow/end.ts");
    answer(flags, await endJob(placeOf(flags), flags.drain ? "drain" : "cancel", urls, waiting));
    return;
  }
  const target = targetOf(flags);
  const mapping = flags.transformNameMapping ?? {};
  if (flags.check) {
    const { checkJob } = await import("../../infra/dataflow/update.ts");
    const checked = await checkJob(features, target, mapping, urls);
    if (flags.json) sayJson({ compatible: true, job: checked?.job.id ?? null, added: checked?.added ?? [] });
    else if (checked === undefined) say(`no job named ${target.jobName} runs: there is nothing to keep`);
    else say(`job ${checked.job.id} can be updated in place; new: ${checked.added.join(", ") || "nothing"}`);
    return;
  }
  const { submitJob } = await import("../../infra/dataflow/submit.ts");
  const update = { mapping, unchecked: flags.unchecked ?? false };
  const options = { urls, waiting, onStep: note, ...(flags.update && { update }) };
  answer(flags, await submitJob(features, target, options));
}

function statusLines({ name, id, state, createdMs, errors }: JobStatus): string[] {
  return [
    `${name} ${id} is ${state}, created ${formatInstant(createdMs)}`,
    ...errors.map((error) => `error: ${error}`),
  ];
}

function answer({ json }: SubmitFlags, job: { readonly id: string; readonly state: string }): void {
  if (json) sayJson({ id: job.id, state: job.state });
  else say(`${job.id} ${job.state}`);
}

function urlsOf({ dataflowEndpoint, storageEndpoint, registryEndpoint }: SubmitFlags): ServiceUrls {
  return {
    ...(dataflowEndpoint !== undefined && { dataflow: dataflowEndpoint }),
    ...(storageEndpoint !== undefined && { storage: storageEndpoint }),
    ...(registryEndpoint !== undefined && { registry: registryEndpoint }),
  };
}
