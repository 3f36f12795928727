import { type Command, Option } from "commander";
import type { StackPorts } from "../../infra/local/ports.ts";
import { wholeNumber } from "../options.ts";

/** What the options of `addStackOptions` give. */
export interface StackFlags extends Partial<Record<`${keyof StackPorts}Port`, number>> {
  readonly runDir?: string;
  readonly mavenRepository?: string;
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
  for (const [, name] of PORTS) {
    command.addOption(
      new Option(`--${name}-port <port>`, "port on loopback (default: a free one)").argParser(wholeNumber),
    );
  }
  return command;
}

/** The ports that were asked for. */
export function portsOf(flags: StackFlags): Partial<StackPorts> {
  return Object.fromEntries(
    PORTS.flatMap(([key]) => {
      const port = flags[`${key}Port`];
      return port === undefined ? [] : [[key, port]];
    }),
  );
}
