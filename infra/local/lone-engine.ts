import { mkdir } from "node:fs/promises";
import { ensureInstalled, type InstallOptions } from "./install/index.ts";
import { engine } from "./parts/engine.ts";
import { claimPorts, LOOPBACK } from "./ports.ts";
import { startChild } from "./processes.ts";

/** An engine without the rest of the stack, for bounded jobs. */
export interface LoneEngine {
  /** `host:port`. */
  readonly jobService: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** There is no Pub/Sub behind it: a port that nothing listens on. */
const NO_PUBSUB = `${LOOPBACK}:1`;

/**
 * Starts an engine; installs first what is missing of it.
 * @param dir folder of its log and temporary files
 * @throws StackError, InstallError
 */
export async function startLoneEngine(
  dir: string,
  options: Pick<InstallOptions<"java" | "engineJars">, "mavenRepository" | "onProgress"> = {},
): Promise<LoneEngine> {
  await mkdir(dir, { recursive: true });
  const installation = await ensureInstalled({ ...options, what: ["java", "engineJars"] });
  const ports = await claimPorts({});
  const child = await startChild(engine({ installation, ports, dir, pubsubRest: NO_PUBSUB }));
  return {
    jobService: `${LOOPBACK}:${ports.jobService}`,
    pid: child.pid,
    stop: async () => {
      await child.stop();
    },
  };
}
