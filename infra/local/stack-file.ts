import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isAlive } from "./is-alive.ts";

/** Where the services of a stack answer, as `host:port` unless said otherwise. */
export interface Endpoints {
  readonly pubsubGrpc: string;
  readonly pubsubRest: string;
  readonly bigtable: string;
  /** Base URL. */
  readonly bigquery: string;
  /** BigQuery's Storage API. */
  readonly bigqueryGrpc: string;
  readonly jobService: string;
  readonly expansion: string;
}

/** A running stack, as other processes of this checkout find it. */
export interface RunningStack {
  /** The process that runs it. */
  readonly pid: number;
  /** Its logs and data. */
  readonly dir: string;
  readonly endpoints: Endpoints;
}

const fileIn = (runDir: string): string => path.join(runDir, "stack.json");

/** The stack that runs with this run folder; undefined where none does. A dead one's file counts for nothing. */
export async function findRunningStack(runDir: string): Promise<RunningStack | undefined> {
  try {
    const stack = JSON.parse(await readFile(fileIn(runDir), "utf8")) as RunningStack;
    return isAlive(stack.pid) ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a stack known to other processes. */
export async function announceStack(runDir: string, stack: RunningStack): Promise<void> {
  await mkdir(runDir, { recursive: true });
  const unfinished = `${fileIn(runDir)}.${stack.pid}`;
  await writeFile(unfinished, JSON.stringify(stack, undefined, 2));
  await rename(unfinished, fileIn(runDir));
}

/** Takes back {@link announceStack}. */
export async function withdrawStack(runDir: string): Promise<void> {
  await rm(fileIn(runDir), { force: true });
}
