import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync } from "node:fs";
import { StackError } from "./errors.ts";
import { LineFile } from "./line-file.ts";

/** A process to run, and how to see that it is ready. */
export interface ChildSpec<R> {
  /** Short name, for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Everything it prints is appended here. */
  readonly logFile: string;
  /** Looks at each line that it prints; anything but undefined means that it is ready. */
  readonly readiness: (line: string) => R | undefined;
  /** Gets every line that it prints, before and after it is ready. */
  readonly onLine?: (line: string) => void;
  /** Longest wait for that, in milliseconds. @default 60000 */
  readonly readyWithinMs?: number;
}

/** Options of {@link startChild}. */
export interface StartOptions {
  /** Gives up: kills the process if it isn't ready yet. */
  readonly signal?: AbortSignal;
}

/** How a process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process. It dies with this one: its stdin is a pipe that we hold. */
export interface Child<R> {
  readonly name: string;
  readonly pid: number;
  /** What its readiness line said. */
  readonly ready: R;
  readonly exited: Promise<ChildExit>;
  /** Asks it to leave; after 5 s without effect kills it. */
  stop(): Promise<ChildExit>;
  /** Kills it at once (SIGKILL), as a crash would. */
  kill(): Promise<ChildExit>;
}

const STOP_PATIENCE_MS = 5_000;
const DEFAULT_READY_WITHIN_MS = 60_000;
const REMEMBERED_LINES = 5;
const LOOK_EVERY_MS = 25;

/**
 * Starts a process and waits until it is ready.
 *
 * It leads a process group of its own: Ctrl-C in the terminal reaches only us, who stop it in order, and whatever it
 * started itself is killed with it.
 * @throws StackError `part_died` if it exits before it is ready, `part_silent` if it doesn't become ready in time
 */
export async function startChild<R>(spec: ChildSpec<R>, options: StartOptions = {}): Promise<Child<R>> {
  const log = openSync(spec.logFile, "a");
  const printed = new LineFile(spec.logFile, fstatSync(log).size);
  const child = spawn(spec.command, spec.args, {
    env: { ...process.env, ...spec.env },
    detached: true,
    // Not through this process: Bigtable's emulator prints a line for each cell that grows old.
    stdio: ["pipe", log, log],
  });
  closeSync(log);
  child.stdin?.on("error", () => undefined); // it may be gone already

  const { promise: ready, resolve: becomeReady } = Promise.withResolvers<R>();
  const lastLines: string[] = [];
  const look = () => {
    printed.read((line) => {
      lastLines.push(line);
      if (lastLines.length > REMEMBERED_LINES) lastLines.shift();
      spec.onLine?.(line);
      const said = spec.readiness(line);
      if (said !== undefined) becomeReady(said);
    });
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  const lookNoMore = () => {
    clearInterval(looking);
    child.off("exit", look);
    printed.close();
  };
  child.on("exit", look);

  const killGroup = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  };
  const exited = new Promise<ChildExit>((resolve) => {
    child.on("error", (error) => {
      lastLines.push(error.message);
      resolve({ code: null, signal: null });
    });
    child.on("exit", (code, signal) => {
      killGroup();
      resolve({ code, signal });
    });
  });
  void (spec.onLine === undefined ? Promise.race([ready, exited]) : exited).then(lookNoMore);

  const kill = (): Promise<ChildExit> => {
    killGroup();
    return exited;
  };
  options.signal?.addEventListener("abort", killGroup);
  if (options.signal?.aborted) killGroup();
  const value = await firstOf(spec, ready, exited, lastLines)
    .catch(async (error: unknown) => {
      await kill();
      throw error;
    })
    .finally(() => options.signal?.removeEventListener("abort", killGroup));
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    ready: value,
    exited,
    kill,
    stop: async () => {
      child.stdin?.end();
      child.kill("SIGTERM");
      const patience = setTimeout(killGroup, STOP_PATIENCE_MS);
      const exit = await exited;
      clearTimeout(patience);
      return exit;
    },
  };
}

/** Readiness, or an error that says why there is none. */
async function firstOf<R>(
  spec: ChildSpec<R>,
  ready: Promise<R>,
  exited: Promise<ChildExit>,
  lastLines: readonly string[],
): Promise<R> {
  const { name, logFile } = spec;
  const withinMs = spec.readyWithinMs ?? DEFAULT_READY_WITHIN_MS;
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `${name} was not ready within ${withinMs / 1000} s; its log is ${logFile}.`;
      reject(new StackError("part_silent", message, { part: name, logFile }));
    }, withinMs);
  });
  const died = exited.then((exit) => {
    const how = exit.signal ?? `exit code ${String(exit.code)}`;
    const last = lastLines.at(-1) ?? "it printed nothing";
    throw new StackError(
      "part_died",
      `${name} ended before it was ready (${how}): ${last}; its log is ${logFile}.`,
      { part: name, logFile },
    );
  });
  try {
    return await Promise.race([ready, silent, died]);
  } finally {
    clearTimeout(timer);
  }
}

/** Signals a process and everything that it started. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // all of them are gone
  }
}

/** Readiness by a JSON line with `"ready": true`; the value is that whole object. */
export function jsonReadiness(line: string): object | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value = JSON.parse(line) as { ready?: unknown };
    return value.ready === true ? value : undefined;
  } catch {
    return undefined;
  }
}
