import { CommanderError } from "commander";
import { FreshetError } from "../core/errors.ts";

/** Exit codes: 0 done; 1 it failed; 2 it was asked wrongly (unknown option, bad value). */
const FAILED = 1;
const MISUSED = 2;

/** Runs a program to the end of its process, whose exit code says how it went. */
export async function runToExit(program: () => Promise<unknown>): Promise<never> {
  try {
    await program();
  } catch (error) {
    process.exitCode = report(error);
  }
  // A client library may hold the event loop open with idle connections; what had to be closed is closed by now. But a
  // pipe takes what it gets in pieces, and an exit would cut a long answer off.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write("", resolve))),
  );
  process.exit();
}

/** A known error is one sentence; an unknown one is a bug and shows where. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  if (error instanceof FreshetError) {
    process.stderr.write(`freshet: ${error.message}\n`);
    return FAILED;
  }
  process.stderr.write(
    `freshet: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return FAILED;
}
