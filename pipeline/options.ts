import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "./core/duration.ts";
import { FreshetError } from "./core/errors.ts";
import { type ViewPlan, WINDOW_STRATEGIES, type WindowStrategy } from "./core/view-plan.ts";
import { localDir } from "../infra/local/install/context.ts";
import { findRunningStack, type Endpoints } from "../infra/local/stack-file.ts";
import type { StoreEndpoints } from "./stores/endpoints.ts";

/*
 * The one place that reads options and environment. An option wins over its environment variable, and both win over
 * what a running local stack says of itself.
 */

/** Names that the local stack uses; an emulator has every project and instance. */
export const LOCAL = { project: "local-dev", instance: "local", dataset: "features", generation: 0 } as const;

/** Thrown when a command needs endpoints and nothing says which. */
export class NoEndpointsError extends FreshetError {
  constructor(what: string) {
    super(
      "no_endpoints",
      `${what}: start a local stack with \`npm start\`, or name Google Cloud's with --project, --instance and --dataset`,
    );
  }
}

/** What the options of `addStoreOptions` give. */
export interface StoreFlags {
  readonly runDir?: string;
  readonly project?: string;
  readonly instance?: string;
  readonly appProfile?: string;
  readonly dataset?: string;
  readonly generation?: number;
  readonly bigtableEmulator?: string;
  readonly bigqueryEndpoint?: string;
  readonly pubsubEmulator?: string;
}

/** Options that name a deployment's project and stores. */
export function addStoreNames(command: Command): Command {
  return command
    .addOption(new Option("--project <id>", "Google Cloud project").env("FRESHET_PROJECT"))
    .addOption(new Option("--instance <id>", "Bigtable instance").env("FRESHET_INSTANCE"))
    .addOption(
      new Option("--app-profile <id>", "Bigtable application profile (default: the instance's)").env(
        "FRESHET_APP_PROFILE",
      ),
    )
    .addOption(new Option("--dataset <id>", "BigQuery data set").env("FRESHET_DATASET"))
    .addOption(
      new Option("--generation <n>", "generation of the stored rows (default: 0)").argParser(wholeNumber),
    );
}

/** Options of every command that speaks to the stores. */
export function addStoreOptions(command: Command): Command {
  return addStoreNames(command)
    .addOption(new Option("--bigtable-emulator <host:port>").env("BIGTABLE_EMULATOR_HOST"))
    .addOption(new Option("--bigquery-endpoint <url>").env("BIGQUERY_EMULATOR_HOST"))
    .addOption(new Option("--pubsub-emulator <host:port>").env("PUBSUB_EMULATOR_HOST"))
    .addOption(new Option("--run-dir <dir>", "run folder of the local stack to use (default: .local/run)"));
}

/** Where a local stack keeps its logs, data, and what it says of itself. */
export function runDirOf(flags: { readonly runDir?: string }): string {
  return flags.runDir === undefined ? path.join(localDir(process.env), "run") : path.resolve(flags.runDir);
}

/**
 * The stores that a command speaks to: those that its options name, else the running local stack's.
 * @throws NoEndpointsError
 */
export async function storesOf(flags: StoreFlags): Promise<StoreEndpoints> {
  const { project, instance, dataset, generation = LOCAL.generation } = flags;
  if (project === undefined) {
    const running = await findRunningStack(runDirOf(flags));
    if (running === undefined) throw new NoEndpointsError("no local stack runs here");
    return { ...localStores(running.endpoints), generation };
  }
  if (instance === undefined || dataset === undefined) {
    throw new NoEndpointsError(`--project ${project} needs --instance and --dataset too`);
  }
  const { appProfile, bigtableEmulator, bigqueryEndpoint, pubsubEmulator } = flags;
  return {
    project,
    generation,
    bigtable: {
      instance,
      ...(appProfile !== undefined && { appProfile }),
      ...(bigtableEmulator !== undefined && { emulatorHost: bigtableEmulator }),
    },
    bigquery: { dataset, ...(bigqueryEndpoint !== undefined && { apiEndpoint: bigqueryEndpoint }) },
    pubsub: { ...(pubsubEmulator !== undefined && { emulatorHost: pubsubEmulator }) },
  };
}

/** The stores of a local stack. */
export function localStores(endpoints: Endpoints): StoreEndpoints {
  return {
    project: LOCAL.project,
    generation: LOCAL.generation,
    bigtable: { instance: LOCAL.instance, emulatorHost: endpoints.bigtable },
    bigquery: { dataset: LOCAL.dataset, apiEndpoint: endpoints.bigquery },
    pubsub: { emulatorHost: endpoints.pubsubGrpc },
  };
}

/** The option that lets a run keep its windows otherwise than its views say. */
export function strategyOption(): Option {
  return new Option("--strategy <name>", "how windows are kept (default: as each view says)").choices(
    WINDOW_STRATEGIES,
  );
}

/** One strategy for all of a run's views, where one is asked for. */
export function strategiesOf(
  plans: readonly ViewPlan[],
  strategy: WindowStrategy | undefined,
): Readonly<Record<string, WindowStrategy>> {
  return strategy === undefined ? {} : Object.fromEntries(plans.map(({ name }) => [name, strategy]));
}

/** Parses a whole number, 0 or more. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("write a whole number, 0 or more.");
  return Number(text);
}

/** Parses a number above 0. @throws InvalidArgumentError */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("write a number above 0.");
  return value;
}

/** Parses a duration into ms. @throws InvalidArgumentError */
export function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('write a whole number and one of ms, s, m, h, d, like "10s".');
  }
}

/** Parses an instant into epoch ms. @throws InvalidArgumentError */
export function instant(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError("write an RFC 3339 time, like 2026-01-31T12:00:00Z.");
  return ms;
}

/** Parses a comma-separated list. */
export function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
