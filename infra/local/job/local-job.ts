import type { Job } from "../../../pipeline/beam/job.ts";
import { launch, type LaunchOptions } from "../../../pipeline/beam/launch.ts";
import { metricTotals, type MetricTotals } from "./metric-totals.ts";
import { newestCheckpoint } from "../checkpoints.ts";
import { claimPort, LOOPBACK } from "../ports.ts";
import type { Stack } from "../stack.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

/** What a local job needs beside the stack. */
export interface LocalJobOptions extends Pick<
  LaunchOptions,
  "registry" | "strategies" | "endpoints" | "checkpointIntervalMs"
> {
  readonly parallelism?: number;
  /** A worker of other features than the project's own: see `startWorkerProcess`. */
  readonly worker?: readonly string[];
  readonly startMs: number;
  /** Told of what happens: for people. */
  readonly onEvent: (event: string) => void;
}

/** Pause before a part that died is started again, so that one that can't start doesn't spin. */
const RESTART_PAUSE_MS = 1_000;

/**
 * The main job on a local stack: a worker process, and a job on the engine. Each may die; what remains carries on:
 * - the worker dies: it is started again where it was; Flink restarts the job from its last checkpoint and asks for it;
 * - the engine dies, or the job fails: a new engine is started from the newest checkpoint, and the job submitted anew.
 *
 * What was read after the last checkpoint is read again: Pub/Sub has no acknowledgement for it.
 */
export class LocalJob {
  readonly #stack: Stack;
  readonly #options: LocalJobOptions;
  readonly #workerPort: number;
  readonly metrics: MetricTotals = metricTotals();
  #worker: WorkerProcess | undefined;
  #job: Job | undefined;
  #stopping = false;
  #recovering: Promise<void> | undefined;

  private constructor(stack: Stack, workerPort: number, options: LocalJobOptions) {
    this.#stack = stack;
    this.#workerPort = workerPort;
    this.#options = options;
  }

  /** Starts worker and job. @throws StackError, JobError */
  static async start(stack: Stack, options: LocalJobOptions): Promise<LocalJob> {
    const job = new LocalJob(stack, await claimPort("the worker"), options);
    await job.#startWorker();
    await job.#submit(false);
    return job;
  }

  /** Process id of the worker, while it runs. */
  get workerPid(): number | undefined {
    return this.#worker?.pid;
  }

  /** A new engine from the newest checkpoint, and the job again. To be called when the engine has died. */
  recover(why: string): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    this.#recovering ??= this.#recover(why).finally(() => (this.#recovering = undefined));
    return this.#recovering;
  }

  /** Kills the worker, as a crash would. */
  async killWorker(): Promise<void> {
    await this.#worker?.kill();
  }

  /** Ends the worker; the job dies with the engine. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#job?.close();
    await this.#worker?.stop();
  }

  async #startWorker(): Promise<void> {
    this.metrics.restart();
    const worker = await startWorkerProcess(
      this.#stack.dir,
      this.#workerPort,
      (m) => this.metrics.update(m),
      this.#options.worker,
    );
    this.#worker = worker;
    void worker.exited.then(async () => {
      if (this.#stopping || this.#worker !== worker) return;
      this.#worker = undefined;
      this.#options.onEvent("the worker died; starting it again");
      await pause();
      await this.#startWorker();
    });
  }

  async #submit(restored: boolean): Promise<void> {
    const { endpoints } = this.#stack;
    const job = await launch({
      ...this.#options,
      parallelism: this.#options.parallelism ?? 1,
      jobService: endpoints.jobService,
      expansion: endpoints.expansion,
      workers: { kind: "external", pool: `${LOOPBACK}:${this.#workerPort}` },
      checkpointDir: this.#stack.checkpointDir,
      holdAtStart: restored,
    });
    this.#job = job;
    job.done().catch((error: unknown) => {
      if (this.#stopping || this.#job !== job) return;
      void this.recover(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    });
  }

  /** A method, since it changes while something is awaited. */
  #isStopping(): boolean {
    return this.#stopping;
  }

  async #recover(why: string): Promise<void> {
    while (!this.#isStopping()) {
      this.#job?.close();
      this.#job = undefined;
      const checkpoint = await newestCheckpoint(this.#stack.checkpointDir);
      this.#options.onEvent(
        `the job stopped (${why}); starting a new engine ${checkpoint ? "from the newest checkpoint" : "(no checkpoint yet)"}`,
      );
      await pause();
      if (this.#isStopping()) return;
      try {
        if (checkpoint) await this.#stack.restartEngine(checkpoint);
        else await this.#stack.restart("engine");
        await this.#submit(true);
        this.#options.onEvent("the job runs again");
        return;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
}
