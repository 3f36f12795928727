#!/usr/bin/env node
import { parseArgs } from "node:util";
import { registerTransforms } from "./beam/register.ts";
import { features } from "./features/registry.ts";
import { type ContainerArguments, containerArguments, runContainerWorker } from "./harness/container.ts";
import { describeError } from "./harness/errors.ts";
import { startWorkerPool } from "./harness/worker-pool.ts";

/*
 * The entry point of the worker's image, and a program that a runner may start as a process (`beam:env:process:v1`):
 *
 *     container.ts --id=… --provision_endpoint=… [--control_endpoint=… --logging_endpoint=… --artifact_endpoint=…]
 *     container.ts --worker_pool [--worker_pool_address=127.0.0.1:50000]
 *
 * The first is one worker, by Beam's container contract; the second a pool that starts workers when a runner asks, for
 * a place beside each task manager. It loads the worker and the DoFns, and nothing that builds graphs or submits them.
 *
 * Exit codes: 0 ended by the runner or by SIGTERM; 1 failed, or the runner is gone; 2 started wrongly.
 */

const FAILED = 1;
const MISUSED = 2;
const POOL_ADDRESS = "127.0.0.1:50000";

const argv = process.argv.slice(2);
const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stopping.abort());
const register = () => registerTransforms(features);

try {
  const pool = poolAddress();
  if (pool !== undefined) await runPool(pool);
  else await runContainerWorker(argumentsOrExit(), { register, stopping: stopping.signal });
} catch (error) {
  complain(describeError(error));
  process.exit(FAILED);
}
// Clients of the stores hold the event loop open with idle connections.
process.exit();

/** Where the pool listens, if one is asked for. */
function poolAddress(): string | undefined {
  const { values } = parseArgs({
    args: argv,
    strict: false,
    options: { worker_pool: { type: "boolean" }, worker_pool_address: { type: "string" } },
  });
  const address = values.worker_pool_address ?? POOL_ADDRESS;
  return values.worker_pool === true && typeof address === "string" ? address : undefined;
}

async function runPool(address: string): Promise<void> {
  register();
  const pool = await startWorkerPool({ address });
  process.stderr.write(`worker pool listens at ${pool.address}\n`);
  await new Promise((resolve) => stopping.signal.addEventListener("abort", resolve));
  await pool.stop();
}

function argumentsOrExit(): ContainerArguments {
  try {
    return containerArguments(argv);
  } catch {
    complain("a runner starts this, with --id and --provision_endpoint; or give --worker_pool");
    process.exit(MISUSED);
  }
}

function complain(message: string): void {
  process.stderr.write(`worker: ${message}\n`);
}
