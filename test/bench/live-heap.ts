/**
 * What is alive in a process's heap, after full collections: resident memory also holds what V8 lets lie until then, and
 * that may grow for hours where little happens.
 */
import { appendFileSync, readFileSync } from "node:fs";

const FILE = "FRESHET_BENCH_HEAP_LOG";
const EVERY_MS = 60_000;

/** What Node needs to be told for it. */
export const LIVE_HEAP_FLAGS = ["--expose-gc"] as const;

/** Has processes that this one starts write to a file. */
export function askForLiveHeap(file: string): void {
  process.env[FILE] = file;
}

/** Appends the bytes alive to the file that was asked for, once a minute. Each time stops the process for a moment. */
export function logLiveHeap(): void {
  const file = process.env[FILE];
  const collect = globalThis.gc;
  if (file === undefined || collect === undefined) return;
  setInterval(() => {
    collect();
    appendFileSync(file, `${process.memoryUsage().heapUsed}\n`);
  }, EVERY_MS).unref();
}

/** What has been written so far, MiB, a minute each. */
export function readLiveHeap(file: string): number[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => Number(line) / 2 ** 20);
  } catch {
    return []; // not a minute yet
  }
}
