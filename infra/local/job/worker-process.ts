import path from "node:path";
import { fileURLToPath } from "node:url";
import type { MetricsSnapshot } from "../../../pipeline/harness/metrics.ts";
import { LOOPBACK } from "../ports.ts";
import { type Child, type ChildExit, jsonReadiness, startChild } from "../processes.ts";

const MAIN = fileURLToPath(new URL("../../../pipeline/main.ts", import.meta.url));
/** What Node runs to be a worker of the project's own features. */
const WORKER: readonly string[] = [MAIN, "worker"];
const REPORT_MS = 1_000;

/** The process in which a job's DoFns run. */
export interface WorkerProcess {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  stop(): Promise<ChildExit>;
  kill(): Promise<ChildExit>;
}

/**
 * Starts a worker pool as a process of its own.
 * @param onMetrics gets its totals once a second, from zero after each start
 * @param worker script and arguments of `freshet worker`, or of one that takes its options
 * @throws StackError
 */
export function startWorkerProcess(
  dir: string,
  port: number,
  onMetrics: (metrics: MetricsSnapshot) => void,
  worker = WORKER,
): Promise<Child<unknown>> {
  const args = [...worker, "--address", `${LOOPBACK}:${port}`, "--report-ms", String(REPORT_MS)];
  return startChild({
    name: "worker",
    command: process.execPath,
    args,
    logFile: path.join(dir, "worker.log"),
    readiness: jsonReadiness,
    onLine(line) {
      if (!line.startsWith('{"metrics":')) return;
      onMetrics((JSON.parse(line) as { metrics: MetricsSnapshot }).metrics);
    },
  });
}
