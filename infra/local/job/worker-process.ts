import path from "node:path";
import { fileURLToPath } from "node:url";
import type { MetricsSnapshot } from "../../../pipeline/harness/metrics.ts";
import { LOOPBACK } from "../ports.ts";
import { type Child, type ChildExit, jsonReadiness, startChild } from "../processes.ts";

const MAIN = fileURLToPath(new URL("../../../pipeline/main.ts", import.meta.url));
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
 * @throws StackError
 */
export function startWorkerProcess(
  dir: string,
  port: number,
  onMetrics: (metrics: MetricsSnapshot) => void,
): Promise<Child<unknown>> {
  const args = ["worker", "--address", `${LOOPBACK}:${port}`, "--report-ms", String(REPORT_MS)];
  return startChild({
    name: "worker",
    command: process.execPath,
    args: [MAIN, ...args],
    logFile: path.join(dir, "worker.log"),
    readiness: jsonReadiness,
    onLine(line) {
      if (!line.startsWith('{"metrics":')) return;
      onMetrics((JSON.parse(line) as { metrics: MetricsSnapshot }).metrics);
    },
  });
}
