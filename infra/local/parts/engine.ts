import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { jsonReadiness } from "../processes.ts";
import type { PartSetup, PartSpec } from "./setup.ts";

const ENGINE_JAR = fileURLToPath(new URL("../../engine/engine.jar", import.meta.url));
const HEAP = "1500m";

const OPENED_PACKAGES = [
  "java.io",
  "java.lang",
  "java.lang.invoke",
  "java.lang.reflect",
  "java.net",
  "java.nio",
  "java.text",
  "java.time",
  "java.util",
  "java.util.concurrent",
  "java.util.concurrent.atomic",
  "sun.net.util",
  "sun.nio.ch",
];

/** Java's options for what Flink and Beam reflect upon, and Java 17 closes. */
export const OPENS = OPENED_PACKAGES.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);

/** What the engine needs of a part's set-up. */
export interface EngineSetup extends Pick<PartSetup, "dir"> {
  readonly installation: Pick<PartSetup["installation"], "java" | "engineJars">;
  readonly ports: Pick<PartSetup["ports"], "jobService" | "expansion">;
  /** `host:port` of an emulator's REST endpoint; Google's Pub/Sub without it. */
  readonly pubsubRest?: string | undefined;
  /** `host:port` of a Flink cluster's REST endpoint to run jobs on. @default an embedded Flink */
  readonly flinkMaster?: string;
}

/**
 * The engine: one JVM with Flink, Beam's job service and the expansion service.
 * @param restoreFrom folder of a completed checkpoint, for the job to start from
 */
export function engine(
  { installation, ports, dir, pubsubRest, flinkMaster }: EngineSetup,
  restoreFrom?: string,
): PartSpec {
  const workDir = path.join(dir, "engine");
  mkdirSync(workDir, { recursive: true });
  return {
    name: "engine",
    command: installation.java,
    args: [
      ...OPENS,
      `-Xmx${HEAP}`,
      "-XX:+UseParallelGC",
      "-XX:-UsePerfData", // it would leave files in the machine's /tmp
      `-Djava.io.tmpdir=${workDir}`,
      "-Dorg.slf4j.simpleLogger.showDateTime=true",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-classpath",
      [ENGINE_JAR, path.join(installation.engineJars, "*")].join(path.delimiter),
      "dev.freshet.engine.Engine",
      ...["--job-port", String(ports.jobService)],
      ...["--expansion-port", String(ports.expansion)],
      ...(pubsubRest === undefined ? [] : ["--pubsub-root", `http://${pubsubRest}`]),
      ...(flinkMaster === undefined ? [] : ["--flink-master", flinkMaster]),
      ...["--work-dir", workDir],
      ...(restoreFrom === undefined ? [] : ["--restore", pathToFileURL(restoreFrom).href]),
    ],
    logFile: path.join(dir, "engine.log"),
    readiness: jsonReadiness,
  };
}
