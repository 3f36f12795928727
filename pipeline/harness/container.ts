import { parseArgs } from "node:util";
import { provisionInfo } from "./channels/provision.ts";
import { required } from "./errors.ts";
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
 * Runs one worker as a container's only process. Endpoints that the command line leaves out come from the
 * provision service. Resolves when the runner ends the worker.
 * @throws HarnessError `runner_gone` (end the process with a non-zero code, so that it is started again)
 */
export async function runContainerWorker(
  args: ContainerArguments,
  options: Pick<WorkerOptions, "cacheBytes" | "highWaterBytes" | "now"> = {},
): Promise<void> {
  const info = args.provisionEndpoint ? await provisionInfo(args.provisionEndpoint, args.id) : undefined;
  const worker = new Worker({
    ...options,
    id: args.id,
    controlEndpoint: required(args.controlEndpoint ?? info?.controlEndpoint?.url, "control endpoint"),
    loggingEndpoint: args.loggingEndpoint ?? info?.loggingEndpoint?.url,
    runnerCapabilities: info?.runnerCapabilities ?? [],
  });
  await worker.finished;
}
