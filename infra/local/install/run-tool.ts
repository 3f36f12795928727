import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Environment } from "./maven-settings.ts";

const execFileAsync = promisify(execFile);

/** What a short command printed on both streams; undefined where it can't be run or fails. */
export async function outputOf(
  command: string,
  args: readonly string[],
  env: Environment,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await execFileAsync(command, args, { env, timeout: 20_000 });
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

/** How a longer command ended. */
export interface ToolResult {
  readonly exitCode: number | null;
  /** Its last lines, of both streams. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 12;

/** Runs a command to its end, handing on each line that it prints. */
export async function runTool(
  command: string,
  args: readonly string[],
  env: Environment,
  onLine: (line: string) => void,
): Promise<ToolResult> {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine(line);
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ exitCode: null, tail: [error.message] }));
    child.on("close", (exitCode) => resolve({ exitCode, tail }));
  });
}
