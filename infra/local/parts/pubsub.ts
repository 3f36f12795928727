import path from "node:path";
import { fileURLToPath } from "node:url";
import { LOOPBACK } from "../ports.ts";
import { jsonReadiness } from "../processes.ts";
import { guarded } from "./guarded.ts";
import type { PubsubChoice } from "./pubsub-choice.ts";
import type { PartSetup, PartSpec } from "./setup.ts";

const ENDPOINT = fileURLToPath(new URL("../pubsub/main.ts", import.meta.url));

/** How to run the chosen Pub/Sub; undefined where it runs elsewhere. */
export function pubsub(setup: PartSetup, choice: PubsubChoice): PartSpec | undefined {
  switch (choice.kind) {
    case "own":
      return ownPubsub(setup);
    case "official":
      return officialPubsub(setup, choice.emulator);
    case "elsewhere":
      return undefined;
  }
}

/** Our endpoint. It keeps messages and acknowledgements in a journal, so that a restart loses none. */
function ownPubsub({ ports, dir }: PartSetup): PartSpec {
  return {
    name: "pubsub",
    command: process.execPath,
    args: [
      ENDPOINT,
      ...["--grpc-port", String(ports.pubsubGrpc)],
      ...["--rest-port", String(ports.pubsubRest)],
      ...["--bigquery", `http://${LOOPBACK}:${ports.bigquery}`],
      ...["--data", path.join(dir, "pubsub")],
    ],
    logFile: path.join(dir, "pubsub.log"),
    readiness: jsonReadiness,
  };
}

/** Google's own emulator, which serves gRPC and REST on one port. It has no BigQuery subscriptions. */
function officialPubsub({ installation, ports, dir }: PartSetup, emulator: string): PartSpec {
  const command = [emulator, `--host=${LOOPBACK}`, `--port=${ports.pubsubGrpc}`];
  return {
    name: "pubsub",
    ...guarded(installation.bigquery.python, command),
    logFile: path.join(dir, "pubsub.log"),
    readiness: (line) => (line.includes("Server started, listening on") ? true : undefined),
  };
}
