import { Command } from "commander";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { LocalJob } from "../../infra/local/job/local-job.ts";
import { type Session, startSession } from "../../infra/local/session.ts";
import type { WindowStrategy } from "../core/view-plan.ts";
import { features } from "../features/registry.ts";
import { duration, positiveNumber, strategiesOf, strategyOption, wholeNumber } from "../options.ts";
import { untilInterrupted } from "./interrupt.ts";
import { note, sayJson } from "./output.ts";
import { jobCounts } from "./job-counts.ts";
import { startLocalServer } from "./local-server.ts";
import { addStackOptions, stackOptions, type StackFlags } from "./stack-options.ts";
import { startSimulation } from "./simulation.ts";
import { type Status, StatusSource } from "./status.ts";
import { statusDisplay, whatNext } from "./status-display.ts";

interface StartFlags extends StackFlags {
  readonly serve: boolean;
  readonly servePort?: number;
  readonly rate: number;
  readonly seed: number;
  readonly simulator: boolean;
  readonly checkpointInterval: number;
  readonly for?: number;
  readonly strategy?: WindowStrategy;
  readonly json?: boolean;
}

const STATUS_EVERY_MS = 1_000;
const SERVER_GRACE_MS = 1_000;

/** `freshet start`, which is `npm start`: stack, pipeline and simulator, with a live status. */
export function startCommand(): Command {
  const command = new Command("start")
    .description("Start everything on this machine: the local stack, the pipeline, and a simulated shop.")
    .option("--rate <n>", "events a second of the simulated shop", positiveNumber, 20)
    .option("--seed <n>", "seed of the simulated shop", wholeNumber, 1)
    .option("--no-simulator", "no simulated shop: publish yourself")
    .option(
      "--serve-port <n>",
      "port of feature server and console (default: 8080, or a free one)",
      wholeNumber,
    )
    .option("--no-serve", "no feature server, and no console")
    .option("--checkpoint-interval <duration>", "messages are acknowledged that often", duration, 10_000)
    .option("--for <duration>", "end after that long (default: at Ctrl-C)", duration)
    .addOption(strategyOption())
    .option("--json", "print the status as a JSON document a second");
  return addStackOptions(command).action(start);
}

async function start(flags: StartFlags): Promise<void> {
  const startedMs = Date.now();
  let job: LocalJob | undefined;
  note("starting the local stack (the first time, it downloads what it needs: see README)");
  const session = await startSession({
    registry: features,
    ...stackOptions(flags),
    onProgress: progressDisplay(process.stderr),
    onEvent: note,
    onEngineDied: () => void job?.recover("the engine died"),
  });
  try {
    note(`stack ready after ${seconds(startedMs)} s; starting the pipeline`);
    job = await LocalJob.start(session.stack, {
      registry: features,
      strategies: strategiesOf(features.plans, flags.strategy),
      endpoints: session.stores,
      checkpointIntervalMs: flags.checkpointInterval,
      startMs: Date.now(),
      onEvent: note,
    });
    note(`pipeline submitted after ${seconds(startedMs)} s`);
    await live(session, job, flags);
  } finally {
    await job?.stop();
    await session.stack.stop();
  }
}

/** Simulates and shows until the end is asked for. */
async function live(session: Session, job: LocalJob, flags: StartFlags): Promise<void> {
  const ending = new AbortController();
  const simulation = flags.simulator
    ? startSimulation(session.stores, { ratePerSecond: flags.rate, seed: flags.seed }, ending.signal)
    : undefined;
  const startedMs = Date.now();
  const source = new StatusSource(features, session.stores, job.metrics);
  let latest: Status | undefined;
  const server = flags.serve
    ? await startLocalServer(session.stores, flags.servePort, async (nowMs) =>
        jobCounts((latest ??= await source.read(nowMs)), startedMs),
      )
    : undefined;
  const display = statusDisplay(process.stdout);
  if (!flags.json) note(whatNext(session.stack.dir, server?.url));
  else if (server) note(`see it: ${server.url}/console/`);
  const timer = setInterval(() => {
    source
      .read(Date.now())
      .then((status) => {
        latest = status;
        if (flags.json) sayJson(status);
        else display(status);
      })
      .catch((error: unknown) =>
        note(`no status: ${error instanceof Error ? error.message : String(error)}`),
      );
  }, STATUS_EVERY_MS);
  const over = [untilInterrupted()];
  if (flags.for !== undefined) over.push(new Promise((resolve) => setTimeout(resolve, flags.for)));
  await Promise.race([...over, simulation ?? new Promise<never>(() => undefined)]);
  clearInterval(timer);
  ending.abort();
  note("\nstopping");
  await server?.stop(SERVER_GRACE_MS);
  await simulation;
}

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(1);
}
