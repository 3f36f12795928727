/**
 * What is alive in a process's heap, after full collections: resident memory also holds what V8 lets lie until then, and
 * that may grow for hours where little happens.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { median } from "./support.ts";

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

/** What is alive in a process's heap each minute, in words. */
export function liveHeapLine(whose: string, heaps: readonly number[]): string {
  return `alive in the ${whose}'s heap, MiB, each minute: ${heaps.map((mib) => mib.toFixed(1)).join(" ")}`;
}

/**
 * Says whether it is flat, and fails the bench where it isn't: the median of the last third against that of the first.
 * @param heaps MiB, of three minutes or more
 * @param percent that it may grow by
 */
export function checkFlat(whose: string, heaps: readonly number[], percent: number): void {
  const third = Math.floor(heaps.length / 3);
  if (third === 0) {
    throw new Error(`of the ${whose}'s heap there are ${String(heaps.length)} figures, and three are needed`);
  }
  const growth = median(heaps.slice(-third)) / median(heaps.slice(0, third)) - 1;
  const flat = growth <= percent / 100;
  const said = `what is alive in the ${whose}'s heap changed by ${(100 * growth).toFixed(1)} %`;
  console.log(`${said}: ${flat ? "flat" : `not flat, which allows ${String(percent)} %`}`);
  if (!flat) process.exitCode = 1;
}
