import { Command, Option } from "commander";
import { addStoreOptions } from "../options.ts";
import { addDataflowSubmitOptions, submitToDataflow } from "./submit-dataflow.ts";
import { addFlinkSubmitOptions, runOnFlink } from "./submit-flink.ts";

/** An engine that the pipeline is submitted to: it adds its options to the command, and acts on them. */
export interface Runner {
  addOptions(command: Command): void;
  run(flags: never): Promise<void>;
}

/** The options of all stand in one command: one that two runners share is added once, and `--runner` says who reads it. */
const RUNNERS = {
  dataflow: { addOptions: addDataflowSubmitOptions, run: submitToDataflow },
  flink: { addOptions: addFlinkSubmitOptions, run: runOnFlink },
} satisfies Record<string, Runner>;

interface RunnerFlag {
  readonly runner: keyof typeof RUNNERS;
}

/** `freshet submit`: the pipeline to a service that runs it; what the service runs goes on without this process. */
export function submitCommand(): Command {
  const command = new Command("submit")
    .description("Submit the pipeline to a service that runs it, or update, end or look at what runs there.")
    .addOption(
      new Option("--runner <runner>", "who runs it")
        .choices(Object.keys(RUNNERS))
        .default("dataflow" satisfies keyof typeof RUNNERS),
    );
  addStoreOptions(command);
  for (const runner of Object.values(RUNNERS)) runner.addOptions(command);
  return command.action((flags: RunnerFlag) => RUNNERS[flags.runner].run(flags as never));
}
