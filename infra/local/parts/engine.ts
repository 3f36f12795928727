import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { jsonReadiness } from "../processes.ts";
import type { PartSetup, PartSpec } from "./setup.ts";

const ENGINE_JAR = fileURLToPath(new URL("../../engine/engine.jar", import.meta.url));
const HEAP = "1500m";

/** What Flink and Beam reflect upon, and Java 17 closes. */
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

/** What the engine needs of a part's set-up. */
export interface EngineSetup extends Omit<PartSetup, "installation"> {
  readonly installation: Pick<PartSetup["installation"], "java" | "engineJars">;
}

/**
 * The engine: one JVM with Flink, Beam's job service and the expansion service.
 * @param restoreFrom folder of a completed checkpoint, for the job to start from
 */
export function engine(
  { installation, ports, dir, pubsubRest }: EngineSetup,
  restoreFrom?: string,
): PartSpec {
  const workDir = path.join(dir, "engine");
  mkdirSync(workDir, { recursive: true });
  return {
    name: "engine",
    command: installation.java,
    args: [
      ...OPENED_PACKAGES.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
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
      ...["--pubsub-root", `http://${pubsubRest}`],
      ...["--work-dir", workDir],
      ...(restoreFrom === undefined ? [] : ["--restore", pathToFileURL(restoreFrom).href]),
    ],
    logFile: path.join(dir, "engine.log"),
    readiness: jsonReadiness,
  };
}
