import { mkdir } from "node:fs/promises";
import path from "node:path";
import { newestCheckpoint } from "./checkpoints.ts";
import { StackError } from "./errors.ts";
import { localDir } from "./install/context.ts";
import { ensureInstalled, type Installation, type InstallOptions } from "./install/index.ts";
import { bigquery } from "./parts/bigquery.ts";
import { bigtable } from "./parts/bigtable.ts";
import { engine } from "./parts/engine.ts";
import { choosePubsub, type PubsubChoice } from "./parts/pubsub-choice.ts";
import { pubsub } from "./parts/pubsub.ts";
import { PART_NAMES, type PartName, type PartSetup, type PartSpec } from "./parts/setup.ts";
import { claimPorts, LOOPBACK, type StackPorts } from "./ports.ts";
import { newRunFolder } from "./run-folder.ts";
import { announceStack, findRunningStack, withdrawStack, type Endpoints } from "./stack-file.ts";
import { Supervisor, type StackEvent } from "./supervisor.ts";

/** Options of {@link startStack}. */
export interface StackOptions extends Pick<
  InstallOptions<keyof Installation>,
  "mavenRepository" | "onProgress"
> {
  /** Ports to use; those left out, or 0, are free ones. */
  readonly ports?: Partial<StackPorts>;
  /** Folder of logs, data and `stack.json`; one stack at a time uses it. @default `.local/run` */
  readonly runDir?: string;
  readonly onEvent?: (event: StackEvent) => void;
  /**
   * `host:port` of a Pub/Sub emulator that runs already, to use instead of starting one; null starts ours in any case.
   * @default PUBSUB_EMULATOR_HOST
   */
  readonly pubsubEmulatorHost?: string | null;
}

/** A running local stack. */
export interface Stack {
  readonly endpoints: Endpoints;
  /** Logs (`<part>.log`) and data of this run. */
  readonly dir: string;
  /** Where jobs should keep their checkpoints. */
  readonly checkpointDir: string;
  /** Whether Pub/Sub delivers to BigQuery by itself (a BigQuery subscription): only ours does. */
  readonly hasBigQuerySubscriptions: boolean;
  /** Process ids of the parts that run. */
  pids(): Partial<Record<PartName, number>>;
  /** Stops a part if it runs, and starts it again on the same ports. Bigtable's emulator and Google's Pub/Sub
   * emulator forget what they held then. */
  restart(part: PartName): Promise<void>;
  /**
   * Restarts the engine so that the next job starts from a checkpoint.
   * @param restoreFrom its folder; by default the newest completed one below `checkpointDir`
   * @throws StackError `no_checkpoint`
   */
  restartEngine(restoreFrom?: string): Promise<void>;
  /** Kills a part as a crash would (SIGKILL); no `crashed` event tells of it. */
  kill(part: PartName): Promise<void>;
  /** Stops all parts; no process is left behind. */
  stop(): Promise<void>;
}

/**
 * Starts the local stack: engine, Pub/Sub, Bigtable and BigQuery, on loopback, all at once; installs first what is
 * missing. Every part ends when this process ends, in whatever way it does.
 * @throws StackError, InstallError; then no part is left running
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const runDir = options.runDir ?? path.join(localDir(process.env), "run");
  const other = await findRunningStack(runDir);
  if (other !== undefined) {
    const message = `A local stack runs already (process ${other.pid}): stop it first.`;
    throw new StackError("stack_running", message, { pid: other.pid });
  }
  const installation = await ensureInstalled(options);
  const choice = choosePubsub(options.pubsubEmulatorHost, process.env);
  const ports = await claimPorts(options.ports ?? {});
  const endpoints = endpointsOf(ports, choice);
  const dir = await newRunFolder(runDir, Date.now());
  const checkpointDir = path.join(dir, "checkpoints");
  await mkdir(checkpointDir);

  const setup: PartSetup = { installation, ports, dir, pubsubRest: endpoints.pubsubRest };
  const specs: Record<PartName, () => PartSpec | undefined> = {
    engine: () => engine(setup),
    bigtable: () => bigtable(setup),
    bigquery: () => bigquery(setup),
    pubsub: () => pubsub(setup, choice),
  };
  const supervisor = new Supervisor(options.onEvent ?? (() => undefined));
  const start = async (part: PartName, signal?: AbortSignal): Promise<void> => {
    const spec = specs[part]();
    if (spec !== undefined) await supervisor.start(part, spec, signal);
  };
  await startAll(start, supervisor);
  await announceStack(runDir, { pid: process.pid, dir, endpoints });

  return {
    endpoints,
    dir,
    checkpointDir,
    hasBigQuerySubscriptions: choice.kind === "own",
    pids: () => supervisor.pids(),
    kill: (part) => supervisor.kill(part),
    restart: async (part) => {
      await supervisor.stop(part);
      await start(part);
    },
    restartEngine: async (restoreFrom) => {
      const checkpoint = restoreFrom ?? (await newestCheckpoint(checkpointDir));
      if (checkpoint === undefined) {
        const message = `No checkpoint is complete yet below ${checkpointDir}: wait for one, or restart the engine without.`;
        throw new StackError("no_checkpoint", message, { part: "engine", checkpointDir });
      }
      await supervisor.stop("engine");
      await supervisor.start("engine", engine(setup, checkpoint));
    },
    stop: async () => {
      await supervisor.stopAll();
      await withdrawStack(runDir);
    },
  };
}

/** Starts every part; if one fails, ends the others and throws what it threw. */
async function startAll(
  start: (part: PartName, signal: AbortSignal) => Promise<void>,
  supervisor: Supervisor,
): Promise<void> {
  const givingUp = new AbortController();
  const failures: unknown[] = [];
  const starting = PART_NAMES.map((part) =>
    start(part, givingUp.signal).catch((error: unknown) => {
      failures.push(error);
      givingUp.abort();
    }),
  );
  await Promise.all(starting);
  if (failures.length === 0) return;
  await supervisor.stopAll();
  throw failures[0];
}

function endpointsOf(ports: StackPorts, choice: PubsubChoice): Endpoints {
  const at = (port: number): string => `${LOOPBACK}:${port}`;
  const pubsubGrpc = choice.kind === "elsewhere" ? choice.host : at(ports.pubsubGrpc);
  return {
    pubsubGrpc,
    pubsubRest: choice.kind === "own" ? at(ports.pubsubRest) : pubsubGrpc, // Google's serves both on one port
    bigtable: at(ports.bigtable),
    bigquery: `http://${at(ports.bigquery)}`,
    bigqueryGrpc: at(ports.bigqueryGrpc),
    jobService: at(ports.jobService),
    expansion: at(ports.expansion),
  };
}
