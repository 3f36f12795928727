import path from "node:path";
import { LOOPBACK } from "../ports.ts";
import { guarded } from "./guarded.ts";
import type { PartSetup, PartSpec } from "./setup.ts";

/** Google's Bigtable emulator. It keeps everything in memory and has no option to do otherwise: a restart forgets all. */
export function bigtable({ installation, ports, dir }: PartSetup): PartSpec {
  const emulator = [installation.bigtable, "-host", LOOPBACK, "-port", String(ports.bigtable)];
  return {
    name: "bigtable",
    ...guarded(installation.bigquery.python, emulator),
    logFile: path.join(dir, "bigtable.log"),
    readiness: (line) => (line.includes("emulator running on") ? true : undefined),
  };
}
