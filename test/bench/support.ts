/** What the benches share: what a process has cost, a place for what they write, and tables that can stand in a text. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { localDir } from "../../infra/local/install/context.ts";

/** What a process has used so far, and holds now. */
export interface Usage {
  readonly cpuUs: number;
  readonly rssBytes: number;
}

/** Length of a clock tick in /proc: the kernel's USER_HZ is 100 on every machine that Node runs on. */
const TICK_US = 10_000;

/** CPU time and memory of a process; `undefined` when it is gone, and off Linux. @see proc(5) */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
  const [stat, status] = await Promise.all([read("stat"), read("status")]);
  // The second field is the program's name in parentheses, and may hold anything.
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  const rssKb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (utime === undefined || stime === undefined || rssKb === undefined) return undefined;
  return { cpuUs: (Number(utime) + Number(stime)) * TICK_US, rssBytes: Number(rssKb) * 1024 };
}

/** CPU time of this process so far. */
export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Runs something in a folder of its own, which goes afterwards. */
export async function inBenchFolder(name: string, run: (dir: string) => Promise<void>): Promise<void> {
  await mkdir(localDir(process.env), { recursive: true });
  const dir = await mkdtemp(path.join(localDir(process.env), `bench-${name}-`));
  try {
    await run(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** CPU time of a process and of those that it has started, µs. */
export async function treeCpuUs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.split(" ").filter((word) => word !== "");
  const all = await Promise.all(children.map((child) => treeCpuUs(Number(child))));
  const own = await usageOf(pid);
  return all.reduce((sum, us) => sum + us, own?.cpuUs ?? 0);
}

/** A quantile of ascending numbers. */
export function quantileOf(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

/** The middle of numbers in any order. */
export function median(numbers: readonly number[]): number {
  return quantileOf(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );
}

/** Where and how busy: without it, no figure means anything. */
export function conditions(): string {
  const cpus = os.cpus();
  const load = os.loadavg().map((n) => n.toFixed(1));
  return (
    `${cpus.length} cores (${cpus[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}, ` +
    `load average ${load.join(" ")}`
  );
}

/** A table in Markdown, aligned for reading as it is: first column to the left, the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}
