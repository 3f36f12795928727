import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { jsonReadiness } from "../processes.ts";
import type { PartSetup, PartSpec } from "./setup.ts";

const LAUNCHER = fileURLToPath(new URL("../bigquery/launcher.py", import.meta.url));

/** The BigQuery emulator. Its tables are in a file, so that a restart finds them again. */
export function bigquery({ installation, ports, dir }: PartSetup): PartSpec {
  const dataDir = path.join(dir, "bigquery");
  mkdirSync(dataDir, { recursive: true });
  const listen = ["--rest-port", String(ports.bigquery), "--grpc-port", String(ports.bigqueryGrpc)];
  return {
    name: "bigquery",
    command: installation.bigquery.python,
    args: [LAUNCHER, ...listen, "--data-dir", dataDir],
    env: installation.bigquery.env,
    logFile: path.join(dir, "bigquery.log"),
    readiness: jsonReadiness,
  };
}
