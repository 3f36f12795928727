import { Command } from "commander";
import { runToExit } from "./commands/program.ts";

/** Loaded when asked for: the clients and Beam's graph construction take a second to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).startCommand(),
  run: async () => (await import("./commands/run.ts")).runCommand(),
  stack: async () => (await import("./commands/stack.ts")).stackCommand(),
  status: async () => (await import("./commands/status-command.ts")).statusCommand(),
  publish: async () => (await import("./commands/publish.ts")).publishCommand(),
  get: async () => (await import("./commands/get.ts")).getCommand(),
  "dead-letters": async () => (await import("./commands/dead-letters.ts")).deadLettersCommand(),
  serve: async () => (await import("./commands/serve.ts")).serveCommand(),
  sql: async () => (await import("./commands/sql.ts")).sqlCommand(),
  parity: async () => (await import("./commands/parity.ts")).parityCommand(),
  explain: async () => (await import("./commands/explain.ts")).explainCommand(),
  "training-set": async () => (await import("./commands/training-set.ts")).trainingSetCommand(),
  replay: async () => (await import("./commands/replay.ts")).replayCommand(),
  emit: async () => (await import("./commands/emit.ts")).emitCommand(),
  submit: async () => (await import("./commands/submit.ts")).submitCommand(),
  estimate: async () => (await import("./commands/estimate.ts")).estimateCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  worker: async () => (await import("./commands/worker.ts")).workerCommand(),
};
const HIDDEN = ["worker"];

await runToExit(async () => {
  const program = new Command("freshet")
    .description("Real-time machine-learning features: Pub/Sub to Bigtable and BigQuery, on Apache Beam.")
    .exitOverride()
    .showHelpAfterError("(--help shows the options)");
  const [, , asked = ""] = process.argv;
  const wanted = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of wanted) {
    const command = await COMMANDS[name]?.();
    if (command) program.addCommand(command.exitOverride(), { hidden: HIDDEN.includes(name) });
  }
  await program.parseAsync();
});
