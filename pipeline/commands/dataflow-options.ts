import { type Command, InvalidArgumentError, Option } from "commander";
import { DataflowError } from "../../infra/dataflow/errors.ts";
import type { DataflowTarget } from "../../infra/dataflow/target.ts";
import { namesOf } from "../../infra/names.ts";
import { LOCAL, wholeNumber } from "../options.ts";

/** What of a target may be left out on the command line: the stack's names tell it, or an error does. */
type NamedByStack =
  | "project"
  | "region"
  | "bucket"
  | "image"
  | "jobName"
  | "serviceAccount"
  | "instance"
  | "dataset"
  | "generation";

/** What the options of `addStoreNames` and `addDataflowOptions` give. */
export interface DataflowFlags
  extends Omit<DataflowTarget, NamedByStack | "labels">, Partial<Pick<DataflowTarget, NamedByStack>> {
  readonly name: string;
  readonly label?: Readonly<Record<string, string>>;
}

/** Options of a Dataflow job. Names that are left out are those that `pulumi up` gives. */
export function addDataflowOptions(command: Command): Command {
  return command
    .addOption(new Option("--region <region>", "Google Cloud region").env("FRESHET_REGION"))
    .option("--name <name>", "the stack's freshet:name: what the names left out follow from", "freshet")
    .option("--bucket <name>", "bucket of graphs and temporary files (default: PROJECT-NAME)")
    .addOption(new Option("--image <image>", "the worker's image, by digest").env("FRESHET_IMAGE"))
    .option("--job-name <name>", "one job of a region runs by it (default: NAME)")
    .option("--service-account <email>", "the workers' account (default: NAME-worker@PROJECT…)")
    .option("--machine-type <type>", "of the workers", "n2d-standard-2")
    .option("--max-workers <n>", "where autoscaling ends", wholeNumber, 3)
    .option("--num-workers <n>", "workers to start with (default: Dataflow's choice)", wholeNumber)
    .option("--disk-size-gb <n>", "boot disk of a worker (default: Dataflow's choice)", wholeNumber)
    .option("--subnetwork <path>", "with Private Google Access (default: regions/REGION/subnetworks/NAME)")
    .option("--public-ips", "give workers public addresses")
    .option("--kms-key <path>", "for state and disks (default: Google's own keys)")
    .option("--label <key=value>", "of the job; may be repeated", pair)
    .option("--experiments <name>", "of Dataflow; may be repeated", repeated);
}

/**
 * The target that the options name. Its values are checked when a job is made for it.
 * @throws DataflowError `missing_option`
 */
export function targetOf(flags: DataflowFlags): DataflowTarget {
  const { project, region, jobName } = placeOf(flags);
  const names = namesOf({ project, region, name: flags.name, kms: false, subnetwork: undefined });
  const image = required("--image", flags.image, `${names.imagePath}/worker@sha256:…`);
  const { numWorkers, diskSizeGb, kmsKey, label, publicIps, experiments } = flags;
  return {
    project,
    region,
    jobName,
    image,
    bucket: flags.bucket ?? names.bucket,
    serviceAccount: flags.serviceAccount ?? names.workerEmail,
    machineType: flags.machineType,
    maxWorkers: flags.maxWorkers,
    subnetwork: flags.subnetwork ?? names.subnetwork,
    instance: flags.instance ?? names.instance,
    // The stack's own instance comes with a profile; another's may not have it.
    ...profileOf(flags, names.appProfile),
    dataset: flags.dataset ?? names.dataset,
    generation: flags.generation ?? LOCAL.generation,
    ...(numWorkers !== undefined && { numWorkers }),
    ...(diskSizeGb !== undefined && { diskSizeGb }),
    ...(publicIps !== undefined && { publicIps }),
    ...(kmsKey !== undefined && { kmsKey }),
    ...(label && { labels: label }),
    ...(experiments && { experiments }),
  };
}

/** Which job of which place the options name. @throws DataflowError `missing_option` */
export function placeOf(
  flags: Pick<DataflowFlags, "project" | "region" | "name" | "jobName">,
): Pick<DataflowTarget, "project" | "region" | "jobName"> {
  return {
    project: required("--project", flags.project, "my-project"),
    region: required("--region", flags.region, "europe-west1"),
    jobName: flags.jobName ?? flags.name,
  };
}

function profileOf(flags: DataflowFlags, stacks: string): { readonly appProfile?: string } {
  const appProfile = flags.appProfile ?? (flags.instance === undefined ? stacks : undefined);
  return appProfile === undefined ? {} : { appProfile };
}

function required(option: string, value: string | undefined, example: string): string {
  if (value !== undefined && value !== "") return value;
  const variable = `FRESHET_${option.slice(2).toUpperCase()}`;
  const message = `nothing says which ${option.slice(2)}: give ${option} ${example}, or set ${variable}`;
  throw new DataflowError("missing_option", message, { option });
}

/** Gathers `KEY=VALUE` options; the value may be empty. @throws InvalidArgumentError */
export function pair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("write KEY=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
