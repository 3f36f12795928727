import { mkdir } from "node:fs/promises";
import { ensureInstalled, type InstallOptions } from "./install/index.ts";
import { engine, type EngineSetup } from "./parts/engine.ts";
import { claimPorts, LOOPBACK } from "./ports.ts";
import { startChild } from "./processes.ts";

/** An engine without the rest of the stack, for bounded jobs, or to hand a job to a Flink cluster. */
export interface LoneEngine {
  /** `host:port`. */
  readonly jobService: string;
  /** `host:port`. */
  readonly expansion: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export type LoneEngineOptions = Pick<
  InstallOptions<"java" | "engineJars">,
  "mavenRepository" | "onProgress"
> &
  Pick<EngineSetup, "flinkMaster" | "pubsubRest">;

/**
 * Starts an engine; installs first what is missing of it.
 * @param dir folder of its log and temporary files
 * @throws StackError, InstallError
 */
export async function startLoneEngine(dir: string, options: LoneEngineOptions = {}): Promise<LoneEngine> {
  await mkdir(dir, { recursive: true });
  const installation = await ensureInstalled({ ...options, what: ["java", "engineJars"] });
  const ports = await claimPorts({});
  const child = await startChild(engine({ ...options, installation, ports, dir }));
  return {
    jobService: `${LOOPBACK}:${ports.jobService}`,
    expansion: `${LOOPBACK}:${ports.expansion}`,
    pid: child.pid,
    stop: async () => {
      await child.stop();
    },
  };
}
