import { Command, Option } from "commander";
import { findRunningStack } from "../../infra/local/stack-file.ts";
import { launch } from "../beam/launch.ts";
import { registerTransforms } from "../beam/register.ts";
import { FreshetError } from "../core/errors.ts";
import type { WindowStrategy } from "../core/view-plan.ts";
import { features } from "../features/registry.ts";
import { startWorkerPool } from "../harness/worker-pool.ts";
import {
  addStoreOptions,
  duration,
  runDirOf,
  storesOf,
  type StoreFlags,
  strategiesOf,
  strategyOption,
  wholeNumber,
} from "../options.ts";
import { untilInterrupted } from "./interrupt.ts";
import { note } from "./output.ts";

interface RunFlags extends StoreFlags {
  readonly jobService?: string;
  readonly expansion?: string;
  readonly workerAddress: string;
  readonly checkpointDir?: string;
  readonly checkpointInterval: number;
  readonly parallelism: number;
  readonly margin: number;
  readonly holdAtStart?: boolean;
  readonly strategy?: WindowStrategy;
}

/** `freshet run`: the pipeline against any endpoints; the workers run in this process. */
export function runCommand(): Command {
  const command = new Command("run")
    .description("Run the pipeline against any endpoints: by default those of the running local stack.")
    .addOption(new Option("--job-service <host:port>", "Beam job service").env("FRESHET_JOB_SERVICE"))
    .addOption(
      new Option("--expansion <host:port>", "the engine's expansion service").env("FRESHET_EXPANSION"),
    )
    .option("--worker-address <host:port>", "where the engine reaches this process", "127.0.0.1:0")
    .option("--checkpoint-dir <dir>", "folder for checkpoints, reachable from every task manager")
    .option("--checkpoint-interval <duration>", "messages are acknowledged that often", duration, 10_000)
    .option("--parallelism <n>", "subtasks of each stage", wholeNumber, 1)
    .option(
      "--margin <duration>",
      "how far the watermark stays behind the oldest waiting message",
      duration,
      2_000,
    )
    .option(
      "--hold-at-start",
      "on a subscription with a past: wait for messages that a killed job still holds",
    );
  return addStoreOptions(command.addOption(strategyOption())).action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const endpoints = await storesOf(flags);
  const running = await findRunningStack(runDirOf(flags));
  const jobService = flags.jobService ?? running?.endpoints.jobService;
  const expansion = flags.expansion ?? running?.endpoints.expansion;
  const checkpointDir = flags.checkpointDir ?? (running && `${running.dir}/checkpoints`);
  if (jobService === undefined || expansion === undefined || checkpointDir === undefined) {
    const message =
      "no local stack runs here: start one with `freshet stack`, or give --job-service, --expansion and --checkpoint-dir";
    throw new FreshetError("no_endpoints", message);
  }
  registerTransforms(features);
  const pool = await startWorkerPool({ address: flags.workerAddress });
  try {
    const job = await launch({
      registry: features,
      strategies: strategiesOf(features.plans, flags.strategy),
      endpoints,
      jobService,
      expansion,
      workers: { kind: "external", pool: pool.address },
      startMs: Date.now(),
      checkpointDir,
      checkpointIntervalMs: flags.checkpointInterval,
      parallelism: flags.parallelism,
      marginMs: flags.margin,
      holdAtStart: flags.holdAtStart ?? false,
    });
    note(`job ${job.id} submitted to ${jobService}; Ctrl-C cancels it`);
    await Promise.race([job.done(() => note("running")), untilInterrupted().then(() => job.cancel())]);
    job.close();
  } finally {
    await pool.stop();
  }
}
