import { Command } from "commander";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { startSession } from "../../infra/local/session.ts";
import { features } from "../features/registry.ts";
import { note, say, sayJson } from "./output.ts";
import { untilInterrupted } from "./interrupt.ts";
import { addStackOptions, stackOptions, type StackFlags } from "./stack-options.ts";

/** `freshet stack`: the local stack alone, provisioned, for `freshet run` or tests. */
export function stackCommand(): Command {
  const command = new Command("stack")
    .description(
      "Start the local stack alone: engine, Pub/Sub, Bigtable and BigQuery, with topics and tables.",
    )
    .option("--json", "print the endpoints as one JSON document");
  return addStackOptions(command).action(stack);
}

async function stack(flags: StackFlags & { readonly json?: boolean }): Promise<void> {
  const session = await startSession({
    registry: features,
    ...stackOptions(flags),
    onProgress: progressDisplay(process.stderr),
    onEvent: note,
    onEngineDied: () => void session.revive("engine"),
  });
  const { endpoints, dir } = session.stack;
  if (flags.json) sayJson({ ready: true, dir, ...endpoints });
  else {
    for (const [name, address] of Object.entries(endpoints)) say(`${name.padEnd(14)} ${address as string}`);
    note(`logs and data: ${dir}; Ctrl-C ends it`);
  }
  await untilInterrupted();
  await session.stack.stop();
}
