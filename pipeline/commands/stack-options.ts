import { type Command, Option } from "commander";
import type { StackPorts } from "../../infra/local/ports.ts";
import type { StackOptions } from "../../infra/local/stack.ts";
import { runDirOf, wholeNumber } from "../options.ts";

/** What the options of `addStackOptions` give. */
export interface StackFlags extends Partial<Record<`${keyof StackPorts}Port`, number>> {
  readonly runDir?: string;
  readonly mavenRepository?: string;
  readonly ownPubsub?: boolean;
}

const PORTS: readonly (readonly [keyof StackPorts, string])[] = [
  ["pubsubGrpc", "pubsub-grpc"],
  ["pubsubRest", "pubsub-rest"],
  ["bigtable", "bigtable"],
  ["bigquery", "bigquery"],
  ["bigqueryGrpc", "bigquery-grpc"],
  ["jobService", "job-service"],
  ["expansion", "expansion"],
];

/** Options of every command that starts the local stack. */
export function addStackOptions(command: Command): Command {
  command
    .option(
      "--run-dir <dir>",
      "folder of logs, data and endpoints; one stack at a time uses it (default: .local/run)",
    )
    .addOption(
      new Option("--maven-repository <url>", "where Java libraries come from, if they are missing").env(
        "FRESHET_MAVEN_REPOSITORY",
      ),
    );
  command.option(
    "--own-pubsub",
    "use the project's Pub/Sub endpoint even where Google's emulator is installed",
  );
  for (const [, name] of PORTS) {
    command.addOption(
      new Option(`--${name}-port <port>`, "port on loopback (default: a free one)").argParser(wholeNumber),
    );
  }
  return command;
}

/** The options of a stack that the flags ask for. */
export function stackOptions(
  flags: StackFlags,
): Pick<StackOptions, "ports" | "mavenRepository" | "pubsubEmulatorHost" | "runDir"> {
  return {
    runDir: runDirOf(flags),
    ports: portsOf(flags),
    ...(flags.ownPubsub && { pubsubEmulatorHost: null }),
    ...(flags.mavenRepository !== undefined && { mavenRepository: flags.mavenRepository }),
  };
}

function portsOf(flags: StackFlags): Partial<StackPorts> {
  return Object.fromEntries(
    PORTS.flatMap(([key]) => {
      const port = flags[`${key}Port`];
      return port === undefined ? [] : [[key, port]];
    }),
  );
}
