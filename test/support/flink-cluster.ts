/** A stand-alone Flink session cluster on loopback, out of Flink's single jars: as its distribution, without shell scripts. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ensureInstalled } from "../../infra/local/install/index.ts";
import { OPENS } from "../../infra/local/parts/engine.ts";
import { guarded } from "../../infra/local/parts/guarded.ts";
import { claimPort, LOOPBACK } from "../../infra/local/ports.ts";
import { type Child, startChild } from "../../infra/local/processes.ts";

/** A running cluster. */
export interface FlinkCluster {
  /** `host:port` of the REST endpoint. */
  readonly master: string;
  readonly taskManagers: readonly Child<unknown>[];
  /** Starts one more task manager. */
  addTaskManager(): Promise<void>;
  stop(): Promise<void>;
}

/** A cluster's Java libraries: Flink's own, and what they need. No Beam, and nothing of ours: a job brings them. */
const FLINK_LIBRARIES =
  /^(flink-|commons-|slf4j-|kryo-|minlog-|objenesis-|chill-java-|jsr305-|snappy-java-|snakeyaml-engine-)/;
const SLOTS = 2;
const JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";
const TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";

/**
 * Starts a job manager and task managers of two slots each. Every process ends with this one.
 * @param dir folder of configuration, logs and temporary files
 */
export async function startFlinkCluster(dir: string, taskManagers: number): Promise<FlinkCluster> {
  const { java, engineJars, bigquery } = await ensureInstalled({ what: ["java", "engineJars", "bigquery"] });
  const libraries = (await readdir(engineJars)).filter((name) => FLINK_LIBRARIES.test(name));
  const classPath = libraries.map((name) => path.join(engineJars, name)).join(path.delimiter);
  const rest = await claimPort("Flink's REST endpoint");
  const rpc = await claimPort("Flink's job manager");
  const temp = path.join(dir, "tmp");
  await mkdir(temp, { recursive: true });
  await writeFile(path.join(dir, "flink-conf.yaml"), configuration({ rest, rpc, temp }));

  const start = (name: string, main: string, heap: string, sign: { logger: string; line: string }) =>
    startChild({
      name,
      ...guarded(bigquery.python, [
        java,
        ...OPENS,
        `-Xmx${heap}`,
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        `-Djava.io.tmpdir=${temp}`,
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        `-Dorg.slf4j.simpleLogger.log.org.apache.flink.runtime.${sign.logger}=info`,
        "-classpath",
        classPath,
        main,
        "--configDir",
        dir,
      ]),
      logFile: path.join(dir, `${name}.log`),
      readiness: (line) => (line.includes(sign.line) ? true : undefined),
    });
  const startTaskManager = (n: number) =>
    start(`task-manager-${n}`, TASK_MANAGER, "512m", {
      logger: "taskexecutor.TaskExecutor",
      line: "Successful registration at resource manager",
    });

  const jobManager = await start("job-manager", JOB_MANAGER, "256m", {
    logger: "dispatcher.DispatcherRestEndpoint",
    line: "Rest endpoint listening",
  });
  const running = await Promise.all(Array.from({ length: taskManagers }, (_, n) => startTaskManager(n)));
  return {
    master: `${LOOPBACK}:${rest}`,
    taskManagers: running,
    addTaskManager: async () => {
      running.push(await startTaskManager(running.length));
    },
    stop: async () => {
      await Promise.all([jobManager, ...running].map((child) => child.kill()));
    },
  };
}

/** Loopback only; a lost task manager is noticed within seconds; memory in numbers, which Flink's scripts would work out. */
function configuration({ rest, rpc, temp }: { rest: number; rpc: number; temp: string }): string {
  const settings = {
    "jobmanager.rpc.address": LOOPBACK,
    "jobmanager.rpc.port": rpc,
    "jobmanager.bind-host": LOOPBACK,
    "taskmanager.host": LOOPBACK,
    "taskmanager.bind-host": LOOPBACK,
    "taskmanager.rpc.port": 0,
    "rest.address": LOOPBACK,
    "rest.bind-address": LOOPBACK,
    "rest.port": rest,
    "rest.bind-port": rest,
    "web.refresh-interval": 250, // how old the REST endpoint's answers about a job may be
    "heartbeat.interval": 1_000,
    "heartbeat.timeout": 5_000,
    "io.tmp.dirs": temp,
    "taskmanager.numberOfTaskSlots": SLOTS,
    "cluster.evenly-spread-out-slots": true,
    "taskmanager.cpu.cores": SLOTS,
    "taskmanager.memory.framework.heap.size": "64m",
    "taskmanager.memory.framework.off-heap.size": "64m",
    "taskmanager.memory.task.heap.size": "384m",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.managed.size": "16m",
    "taskmanager.memory.jvm-metaspace.size": "192m",
    "taskmanager.memory.jvm-overhead.min": "64m",
    "taskmanager.memory.jvm-overhead.max": "64m",
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}
