/**
 * The local Pub/Sub endpoint as a process. It prints one JSON line when it serves, and ends when its standard input
 * does (so it never outlives the one who started it), on SIGTERM and on SIGINT.
 *
 *     node infra/local/pubsub/main.ts --grpc-port 8085 --rest-port 8086 --data .local/pubsub
 */
import { parseArgs } from "node:util";
import { startEndpoint } from "./endpoint.ts";

try {
  const { values } = parseArgs({
    options: {
      "grpc-port": { type: "string", default: "0" },
      "rest-port": { type: "string", default: "0" },
      bigquery: { type: "string" },
      data: { type: "string" },
    },
  });
  const endpoint = await startEndpoint({
    grpcPort: port("--grpc-port", values["grpc-port"]),
    restPort: port("--rest-port", values["rest-port"]),
    ...(values.bigquery === undefined ? {} : { bigquery: values.bigquery }),
    ...(values.data === undefined ? {} : { dataDirectory: values.data }),
    log: (line) => console.error(line),
    now: Date.now,
  });
  const stop = (): void => {
    endpoint.close();
    process.exit(0);
  };
  process.stdin.resume().once("end", stop).once("close", stop);
  process.once("SIGTERM", stop).once("SIGINT", stop);
  console.log(JSON.stringify({ ready: true, grpc: endpoint.grpc, rest: endpoint.rest, pid: process.pid }));
} catch (error) {
  console.error(
    `The Pub/Sub endpoint can't start: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exit(1);
}

function port(option: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Error(`${option} must be a port number (0 for any free one), not ${value}`);
  }
  return number;
}
