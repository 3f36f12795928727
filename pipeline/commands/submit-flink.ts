import path from "node:path";
import { type Command, Option } from "commander";
import type { FlinkJobRef, FlinkStatus } from "../../infra/flink/control.ts";
import { FlinkError } from "../../infra/flink/errors.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { findRunningStack } from "../../infra/local/stack-file.ts";
import type { WorkerEnvironment } from "../beam/environment.ts";
import { formatInstant } from "../core/instant.ts";
import { features } from "../features/registry.ts";
import { duration, runDirOf, storesOf, type StoreFlags, wholeNumber } from "../options.ts";
import { pair } from "./dataflow-options.ts";
import { note, say, sayJson } from "./output.ts";

/** What the options below give, and those of the command that Flink shares with other runners. */
interface FlinkFlags extends StoreFlags {
  readonly flinkMaster?: string;
  readonly name: string;
  readonly jobName?: string;
  readonly workers: "pool" | "process" | "docker";
  readonly workerPool: string;
  readonly workerCommand?: string;
  readonly workerEnv?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly checkpointDir?: string;
  readonly checkpointInterval: number;
  readonly savepointDir?: string;
  readonly fromSavepoint?: string;
  readonly parallelism: number;
  readonly margin: number;
  readonly holdAtStart?: boolean;
  readonly stop?: boolean;
  readonly savepoint?: boolean;
  readonly cancel?: boolean;
  readonly status?: boolean;
  readonly json?: boolean;
  readonly within: number;
}

/** Options of `freshet submit --runner flink`. */
export function addFlinkSubmitOptions(command: Command): void {
  command
    .addOption(
      new Option("--flink-master <host:port>", "Flink: REST endpoint of the job manager").env(
        "FRESHET_FLINK_MASTER",
      ),
    )
    .addOption(
      new Option(
        "--workers <where>",
        "Flink: a pool beside each task manager, processes that it starts, or containers (--image)",
      )
        .choices(["pool", "process", "docker"])
        .default("pool"),
    )
    .option("--worker-pool <host:port>", "Flink: the pool, as a task manager reaches it", "127.0.0.1:50000")
    .option("--worker-command <path>", "Flink: pipeline/container.ts on the task managers' machines")
    .option("--worker-env <key=value>", "Flink: for --worker-command; may be repeated", pair)
    .option("--parallelism <n>", "Flink: subtasks of each stage", wholeNumber, 1)
    .option("--checkpoint-dir <uri>", "Flink: where checkpoints are kept, for all task managers to reach")
    .option(
      "--checkpoint-interval <duration>",
      "Flink: messages are acknowledged that often",
      duration,
      10_000,
    )
    .option("--margin <duration>", "Flink: how far the watermark stays behind what waits", duration, 2_000)
    .option("--hold-at-start", "Flink: wait for messages that a killed job still holds")
    .option("--from-savepoint <path>", "Flink: go on from a savepoint or retained checkpoint")
    .option("--savepoint-dir <uri>", "Flink: where savepoints are kept (default: CHECKPOINT_DIR/savepoints)")
    .addOption(
      new Option("--savepoint", "Flink: take a savepoint; the job runs on").conflicts([
        "stop",
        "cancel",
        "status",
      ]),
    )
    .addOption(new Option("--stop", "Flink: end the job with a savepoint").conflicts(["cancel", "status"]));
}

/** Submits, ends or shows the job of a Flink cluster. @throws FlinkError */
export async function runOnFlink(flags: FlinkFlags): Promise<void> {
  const ref: FlinkJobRef = {
    flinkMaster: required("--flink-master", flags.flinkMaster, "localhost:8081"),
    jobName: flags.jobName ?? flags.name,
  };
  const { flinkStatus, stopFlinkJob, savepointOfFlinkJob, cancelFlinkJob } =
    await import("../../infra/flink/control.ts");
  if (flags.status) {
    const status = await flinkStatus(ref);
    if (flags.json) sayJson(document(status));
    else for (const line of statusLines(status)) say(line);
  } else if (flags.stop) {
    sayPath(flags, await stopFlinkJob(ref, savepointDir(flags)));
  } else if (flags.savepoint) {
    sayPath(flags, await savepointOfFlinkJob(ref, savepointDir(flags)));
  } else if (flags.cancel) {
    await cancelFlinkJob(ref);
    if (flags.json) sayJson({ job_name: ref.jobName, state: "CANCELED" });
    else say(`${ref.jobName} CANCELED`);
  } else {
    await submit(ref, flags);
  }
}

async function submit(ref: FlinkJobRef, flags: FlinkFlags): Promise<void> {
  const endpoints = await storesOf(flags);
  const stack = flags.project === undefined ? await findRunningStack(runDirOf(flags)) : undefined;
  const { fromSavepoint } = flags;
  // Graph construction takes a second to load.
  const { submitToFlink } = await import("../../infra/flink/submit.ts");
  const job = await submitToFlink({
    ...ref,
    registry: features,
    endpoints,
    pubsubRest: stack?.endpoints.pubsubRest ?? flags.pubsubEmulator,
    dir: path.join(runDirOf(flags), "flink"),
    workers: workersOf(flags),
    startMs: Date.now(),
    checkpointDir: required("--checkpoint-dir", flags.checkpointDir, "gs://BUCKET/flink"),
    checkpointIntervalMs: flags.checkpointInterval,
    parallelism: flags.parallelism,
    marginMs: flags.margin,
    holdAtStart: flags.holdAtStart ?? false,
    runningWithinMs: flags.within,
    onProgress: progressDisplay(process.stderr),
    ...(fromSavepoint !== undefined && { fromSavepoint }),
  });
  if (flags.json) sayJson({ id: job.id, job_name: job.name, state: job.state });
  else say(`${job.id} ${job.state}`);
  note(`it runs at ${ref.flinkMaster} without this process; --status shows it, --stop ends it`);
}

function workersOf(flags: FlinkFlags): WorkerEnvironment {
  switch (flags.workers) {
    case "pool":
      return { kind: "external", pool: flags.workerPool };
    case "process": {
      const example = "/opt/freshet/pipeline/container.ts";
      const command = required("--worker-command", flags.workerCommand, example);
      return { kind: "process", command, ...(flags.workerEnv && { env: flags.workerEnv }) };
    }
    case "docker":
      return { kind: "docker", image: required("--image", flags.image, "REGISTRY/worker@sha256:…") };
  }
}

function savepointDir({ savepointDir: given, checkpointDir }: FlinkFlags): string {
  const beside = checkpointDir === undefined ? undefined : `${checkpointDir.replace(/\/$/, "")}/savepoints`;
  return required("--savepoint-dir", given ?? beside, "gs://BUCKET/savepoints");
}

function required(option: string, value: string | undefined, example: string): string {
  if (value !== undefined && value !== "") return value;
  throw new FlinkError("missing_option", `--runner flink needs ${option}, like ${option} ${example}`, {
    option,
  });
}

function sayPath(flags: FlinkFlags, savepoint: string): void {
  if (flags.json) sayJson({ savepoint });
  else say(savepoint);
  note("go on from it with --from-savepoint and this path");
}

function document({ job, checkpoints, failure }: FlinkStatus) {
  const { latest } = checkpoints;
  return {
    id: job.id,
    job_name: job.name,
    state: job.state,
    started: formatInstant(job.startedMs),
    tasks: { running: job.runningTasks, all: job.tasks },
    checkpoints: {
      completed: checkpoints.completed,
      failed: checkpoints.failed,
      restored: checkpoints.restored,
      latest: latest ? { path: latest.path, at: formatInstant(latest.atMs) } : null,
    },
    failure: failure ?? null,
  };
}

function statusLines(status: FlinkStatus): string[] {
  const { id, job_name: name, state, started, tasks, checkpoints, failure } = document(status);
  const { completed, failed, restored, latest } = checkpoints;
  return [
    `${name} ${id} is ${state}, started ${started}; ${tasks.running} of ${tasks.all} tasks run`,
    `checkpoints: ${completed} completed, ${failed} failed, restored ${restored} times`,
    ...(latest ? [`newest: ${latest.at} ${latest.path}`] : []),
    ...(failure === null ? [] : [`last failure: ${failure}`]),
  ];
}
