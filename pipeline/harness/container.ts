import { parseArgs } from "node:util";
import { workerMetadata } from "./channels/connect.ts";
import { LoggingChannel } from "./channels/logging.ts";
import { provisionInfo } from "./channels/provision.ts";
import { describeError, required } from "./errors.ts";
import { addLogSink, log } from "./log.ts";
import type { WorkerOptions } from "./worker.ts";
import { Worker } from "./worker.ts";

/** What a runner gives the entry point of a worker's container. */
export interface ContainerArguments {
  readonly id: string;
  readonly controlEndpoint?: string | undefined;
  readonly loggingEndpoint?: string | undefined;
  readonly provisionEndpoint?: string | undefined;
  /** Not used: the image holds everything. */
  readonly artifactEndpoint?: string | undefined;
}

/** What the process around a container's worker decides. */
export interface ContainerOptions extends Pick<WorkerOptions, "cacheBytes" | "highWaterBytes" | "now"> {
  /** Makes DoFns known. Called once the runner's log is open, so that a failure stands there. */
  readonly register?: () => void;
  /** Aborted when the container is told to end: running bundles fail, and the runner gives them to others. */
  readonly stopping?: AbortSignal;
}

/** How long the runner may take to read the last lines of the log. */
const LOG_PATIENCE_MS = 2_000;

/**
 * Reads a container's command line.
 * @param argv `--id=… --control_endpoint=… --logging_endpoint=… --provision_endpoint=… --artifact_endpoint=…`; others are left alone
 * @throws HarnessError `protocol` without an id
 * @see https://beam.apache.org/documentation/runtime/sdk-harness-config/
 */
export function containerArguments(argv: readonly string[]): ContainerArguments {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    options: {
      id: text,
      control_endpoint: text,
      logging_endpoint: text,
      provision_endpoint: text,
      artifact_endpoint: text,
    },
  });
  const given = (value: string | boolean | undefined) =>
    typeof value === "string" && value !== "" ? value : undefined;
  return {
    id: required(given(values.id), "--id"),
    controlEndpoint: given(values.control_endpoint),
    loggingEndpoint: given(values.logging_endpoint),
    provisionEndpoint: given(values.provision_endpoint),
    artifactEndpoint: given(values.artifact_endpoint),
  };
}

/**
 * Runs a container's worker, and the siblings that the runner may ask it to run beside it. What the provision service
 * says of endpoints wins over the command line. Resolves when the runner ends the workers, or they were told to end.
 * @throws HarnessError `runner_gone` (end the process with a non-zero code, so that it is started again)
 */
export async function runContainerWorker(
  args: ContainerArguments,
  { register, stopping, ...workerOptions }: ContainerOptions = {},
): Promise<void> {
  const { id } = args;
  const info = args.provisionEndpoint ? await provisionInfo(args.provisionEndpoint, id) : undefined;
  const loggingEndpoint = info?.loggingEndpoint?.url ?? args.loggingEndpoint;
  const logging = loggingEndpoint ? new LoggingChannel(loggingEndpoint, workerMetadata(id)) : undefined;
  const removeLogSink = logging ? addLogSink(logging) : () => undefined;
  try {
    log.info(`worker ${id} starts: Node ${process.version}, process ${process.pid}`);
    if (info?.dependencies.length) {
      log.warn(
        `worker ${id} fetches none of the job's ${info.dependencies.length} artifacts: it has its code`,
      );
    }
    register?.();
    const controlEndpoint = required(info?.controlEndpoint?.url ?? args.controlEndpoint, "control endpoint");
    const runnerCapabilities = info?.runnerCapabilities ?? [];
    const workers = [id, ...(info?.siblingWorkerIds ?? [])].map(
      (workerId) =>
        new Worker({ ...workerOptions, id: workerId, controlEndpoint, logging, runnerCapabilities }),
    );
    const stop = () => void Promise.all(workers.map((worker) => worker.stop()));
    stopping?.addEventListener("abort", stop);
    if (stopping?.aborted) stop();
    await Promise.all(workers.map(({ finished }) => finished));
    log.info(`worker ${id} ends`);
  } catch (error) {
    log.error(`worker ${id} failed: ${describeError(error)}`);
    throw error;
  } finally {
    removeLogSink();
    await logging?.close(LOG_PATIENCE_MS);
  }
}
