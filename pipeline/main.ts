import { Command, CommanderError } from "commander";
import { doctorCommand } from "./commands/doctor.ts";
import { getCommand } from "./commands/get.ts";
import { publishCommand } from "./commands/publish.ts";
import { replayCommand } from "./commands/replay.ts";
import { runCommand } from "./commands/run.ts";
import { sqlCommand } from "./commands/sql.ts";
import { stackCommand } from "./commands/stack.ts";
import { startCommand } from "./commands/start.ts";
import { workerCommand } from "./commands/worker.ts";
import { FreshetError } from "./core/errors.ts";

/** Exit codes: 0 done; 1 it failed; 2 it was asked wrongly (unknown option, bad value). */
const FAILED = 1;
const MISUSED = 2;

const program = new Command("freshet")
  .description("Real-time machine-learning features: Pub/Sub to Bigtable and BigQuery, on Apache Beam.")
  .exitOverride()
  .showHelpAfterError("(--help shows the options)");
for (const command of [
  startCommand(),
  runCommand(),
  stackCommand(),
  publishCommand(),
  getCommand(),
  sqlCommand(),
  replayCommand(),
  doctorCommand(),
]) {
  program.addCommand(command.exitOverride());
}
program.addCommand(workerCommand().exitOverride(), { hidden: true });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// A client library may hold the event loop open with idle connections; what had to be closed is closed by now.
if (process.exitCode !== undefined && process.exitCode !== 0) process.exit();

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
