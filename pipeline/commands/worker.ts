import { Command } from "commander";
import { registerTransforms } from "../beam/register.ts";
import { features } from "../features/registry.ts";
import { containerArguments, runContainerWorker } from "../harness/container.ts";
import { metricsSnapshot } from "../harness/metrics.ts";
import { startWorkerPool } from "../harness/worker-pool.ts";
import { sayJson } from "./output.ts";

interface WorkerFlags {
  readonly address: string;
  readonly id?: string;
  readonly reportMs?: string;
}

/**
 * `freshet worker`: a pool that a runner asks for workers; or, with the arguments that a runner gives a container's
 * entry point, that one worker. Ends when its stdin closes, so that no worker outlives what started it.
 */
export function workerCommand(): Command {
  return new Command("worker")
    .description("Run Beam workers: a pool, or one worker in a container.")
    .option("--address <host:port>", "where the pool listens", "127.0.0.1:0")
    .option("--report-ms <ms>", "print metrics as a JSON line that often")
    .option("--id <id>", "a container's worker")
    .option("--control_endpoint <url>")
    .option("--logging_endpoint <url>")
    .option("--provision_endpoint <url>")
    .option("--artifact_endpoint <url>")
    .action(work);
}

async function work(flags: WorkerFlags): Promise<void> {
  registerTransforms(features);
  if (flags.id !== undefined) {
    await runContainerWorker(containerArguments(process.argv.slice(2)));
    return;
  }
  const pool = await startWorkerPool({ address: flags.address });
  sayJson({ ready: true, address: pool.address, pid: process.pid });
  if (flags.reportMs !== undefined) {
    setInterval(() => sayJson({ metrics: metricsSnapshot() }), Number(flags.reportMs)).unref();
  }
  await new Promise<void>((resolve) => {
    process.stdin.on("close", resolve).resume();
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  await pool.stop();
  process.exit(0);
}
