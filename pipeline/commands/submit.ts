import { Command, Option } from "commander";
import { addStoreOptions } from "../options.ts";
import { addDataflowSubmitOptions, submitToDataflow } from "./submit-dataflow.ts";
import { addFlinkSubmitOptions, runOnFlink } from "./submit-flink.ts";

/** An engine that the pipeline is submitted to: it adds its options to the command, and acts on them. */
export interface Runner {
  addOptions(command: Command): void;
  /** Options that another runner adds and this one reads too, as attributes: `jobName`. */
  readonly reads: readonly string[];
  run(flags: never): Promise<void>;
}

const RUNNERS = {
  dataflow: { addOptions: addDataflowSubmitOptions, reads: [], run: submitToDataflow },
  flink: {
    addOptions: addFlinkSubmitOptions,
    reads: ["name", "jobName", "image", "cancel", "status", "json", "within"],
    run: runOnFlink,
  },
} satisfies Record<string, Runner>;
type RunnerName = keyof typeof RUNNERS;

/** `freshet submit`: the pipeline to a service that runs it; what the service runs goes on without this process. */
export function submitCommand(): Command {
  const command = new Command("submit")
    .description("Submit the pipeline to a service that runs it, or update, end or look at what runs there.")
    .addOption(
      new Option("--runner <runner>", "who runs it")
        .choices(Object.keys(RUNNERS))
        .default("dataflow" satisfies RunnerName),
    );
  addStoreOptions(command);
  const added = Object.entries(RUNNERS).map(([name, runner]) => {
    const before = command.options.length;
    runner.addOptions(command);
    return { name, options: command.options.slice(before) };
  });
  return command.action(async (flags: { readonly runner: RunnerName }) => {
    for (const { name, options } of added) {
      if (name !== flags.runner) refuseForeign(command, options, flags.runner);
    }
    await RUNNERS[flags.runner].run(flags as never);
  });
}

/** `--stop` without `--runner flink` would otherwise submit a job to Dataflow, and `--drain` with it one to Flink. */
function refuseForeign(command: Command, foreign: readonly Option[], runner: RunnerName): void {
  const reads: readonly string[] = RUNNERS[runner].reads;
  const given = foreign.find((option) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === "cli" && !reads.includes(name);
  });
  if (given) command.error(`error: option '${given.flags}' means nothing to --runner ${runner}`);
}
