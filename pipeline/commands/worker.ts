import { Command } from "commander";
import { registerTransforms } from "../beam/register.ts";
import type { Registry } from "../define/index.ts";
import { features } from "../features/registry.ts";
import { metricsSnapshot } from "../harness/metrics.ts";
import { startWorkerPool } from "../harness/worker-pool.ts";
import { sayJson } from "./output.ts";

interface WorkerFlags {
  readonly address: string;
  readonly reportMs?: string;
}

/**
 * `freshet worker`: a pool that a runner asks for workers. Ends when its stdin closes, so that it does not outlive
 * what started it. (A container's worker has an entry point of its own: `pipeline/container.ts`.)
 */
export function workerCommand(registry: Registry = features): Command {
  return new Command("worker")
    .description("Run a pool of Beam workers.")
    .option("--address <host:port>", "where the pool listens", "127.0.0.1:0")
    .option("--report-ms <ms>", "print metrics as a JSON line that often")
    .action((flags: WorkerFlags) => work(registry, flags));
}

async function work(registry: Registry, flags: WorkerFlags): Promise<void> {
  registerTransforms(registry);
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
