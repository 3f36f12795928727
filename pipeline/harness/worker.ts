import type {
  InstructionRequest,
  InstructionResponse,
  ProcessBundleDescriptor,
} from "apache-beam/proto/beam_fn_api";
import type { ProcessBundleRequest, ProcessBundleResponse } from "apache-beam/proto/beam_fn_api";
import type { MonitoringInfo } from "apache-beam/proto/metrics";
import type { WorkerServices } from "./bundle.ts";
import type { BackPressure } from "./channels/back-pressure.ts";
import { sumOfBackPressure } from "./channels/back-pressure.ts";
import { workerMetadata } from "./channels/connect.ts";
import { ControlChannel } from "./channels/control.ts";
import { DataChannel } from "./channels/data.ts";
import { LoggingChannel } from "./channels/logging.ts";
import { StateChannel } from "./channels/state.ts";
import { describeError, HarnessError } from "./errors.ts";
import type { BundleCallback } from "./finalization.ts";
import { Finalizations } from "./finalization.ts";
import { addLogSink, log, writeLog } from "./log.ts";
import { ShortIds } from "./monitoring-infos.ts";
import { Processor } from "./processor.ts";
import { StateCache } from "./state/cache.ts";
import { SideInputCache } from "./state/side-inputs.ts";

/** How a worker starts. Endpoints are `host:port`. */
export interface WorkerOptions {
  readonly id: string;
  readonly controlEndpoint: string;
  readonly loggingEndpoint?: string | undefined;
  /** A log stream that is open already, instead of an endpoint for one; whoever opened it closes it. */
  readonly logging?: LoggingChannel | undefined;
  /** URNs of what the runner can do beyond the basics. */
  readonly runnerCapabilities?: readonly string[];
  /** Bound of the states kept between bundles, in approximate bytes. @default 256 MiB */
  readonly cacheBytes?: number;
  /** Bound of elements that wait to be processed, in encoded bytes. @default 64 MiB */
  readonly highWaterBytes?: number;
  /** Processing time, epoch ms. @default Date.now */
  readonly now?: () => number;
}

type Response = InstructionResponse["response"];
type Metrics = Pick<ProcessBundleResponse, "monitoringInfos" | "monitoringData">;

/** How long a runner may take to close its streams. */
const GRACE_MS = 5_000;

const SHORT_IDS_URN = "beam:protocol:monitoring_info_short_ids:v1";

/**
 * One SDK worker: takes a runner's instructions and runs its bundles, any number at once.
 * @see https://s.apache.org/beam-fn-api
 */
export class Worker {
  readonly id: string;
  /** Settles when the worker is over: resolved when the runner or `stop` ended it, rejected when the runner is gone. */
  readonly finished: Promise<unknown>;
  readonly #control: ControlChannel;
  readonly #logging: LoggingChannel | undefined;
  /** Whether the log stream is this worker's to close. */
  readonly #ownsLogging: boolean;
  readonly #removeLogSink: () => void;
  readonly #data = new Map<string, DataChannel>();
  readonly #state = new Map<string, StateChannel>();
  readonly #services: WorkerServices;
  readonly #descriptors = new Map<string, Promise<ProcessBundleDescriptor>>();
  /** Processors between bundles, by descriptor. */
  readonly #idle = new Map<string, Processor[]>();
  /** Running bundles, by instruction. */
  readonly #running = new Map<string, Processor>();
  readonly #finalizations: Finalizations;
  readonly #shortIds = new ShortIds();
  readonly #useShortIds: boolean;
  readonly #finish = Promise.withResolvers<undefined>();
  #over = false;

  constructor(options: WorkerOptions) {
    const { id, controlEndpoint, loggingEndpoint, runnerCapabilities, cacheBytes, highWaterBytes, now } =
      options;
    this.id = id;
    this.finished = this.#finish.promise;
    this.finished.catch(() => undefined); // whoever wants to know looks at it
    this.#useShortIds = runnerCapabilities?.includes(SHORT_IDS_URN) ?? false;
    const metadata = workerMetadata(id);
    const reopen = <T>(channels: Map<string, T>, url: string, open: (onLost: () => void) => T): T => {
      let channel = channels.get(url);
      if (channel === undefined) {
        channel = open(() => channels.delete(url));
        channels.set(url, channel);
      }
      return channel;
    };
    this.#services = {
      data: (url) =>
        reopen(this.#data, url, (onLost) => new DataChannel(url, metadata, onLost, highWaterBytes)),
      state: (url) => reopen(this.#state, url, (onLost) => new StateChannel(url, metadata, onLost)),
      stateCache: new StateCache(cacheBytes),
      sideInputCache: new SideInputCache(),
      now: now ?? Date.now,
    };
    this.#finalizations = new Finalizations(this.#services.now);
    const ownLogging =
      !options.logging && loggingEndpoint ? new LoggingChannel(loggingEndpoint, metadata) : undefined;
    this.#ownsLogging = ownLogging !== undefined;
    this.#logging = options.logging ?? ownLogging;
    this.#removeLogSink = ownLogging ? addLogSink(ownLogging) : () => undefined;
    this.#control = new ControlChannel(controlEndpoint, metadata, {
      onInstruction: (request) => void this.#handle(request),
      onEnd: () => void this.retire(),
      onLost: (error) => {
        void this.#end(error);
        this.#cancelStreams();
      },
    });
  }

  /** Of the data streams that are open. */
  get backPressure(): BackPressure {
    return sumOfBackPressure([...this.#data.values()].map(({ backPressure }) => backPressure));
  }

  /** Ends the worker: running bundles fail, user code is torn down, every stream is let go. */
  async stop(): Promise<void> {
    await this.#end(undefined);
    this.#cancelStreams();
  }

  /**
   * Ends the worker on the runner's request. The runner then closes the data and state streams itself, and trips
   * over those that are closed already: they are let go of only if it has not done so after a while.
   */
  async retire(): Promise<void> {
    await this.#end(undefined);
    setTimeout(() => {
      this.#cancelStreams();
    }, GRACE_MS).unref();
  }

  #cancelStreams(): void {
    this.#control.cancel();
    for (const channel of [...this.#data.values(), ...this.#state.values()]) channel.cancel();
    if (this.#ownsLogging) this.#logging?.cancel();
  }

  async #end(error: HarnessError | undefined): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    if (error) log.error(`worker ${this.id}: ${error.message}`);
    const stopped = error ?? new HarnessError("runner_gone", "the worker has stopped");
    for (const processor of this.#running.values()) processor.fail(stopped);
    for (const processor of [...this.#idle.values()].flat()) await this.#teardown(processor);
    this.#control.end();
    this.#removeLogSink();
    if (this.#ownsLogging) this.#logging?.end();
    if (error) this.#finish.reject(error);
    else this.#finish.resolve(undefined);
  }

  async #handle({ instructionId, request }: InstructionRequest): Promise<void> {
    try {
      const response = await this.#respond(instructionId, request);
      this.#control.answer({ instructionId, error: "", response });
    } catch (error) {
      const text = describeError(error);
      if (!this.#over) this.#logError(text, instructionId);
      this.#control.answer({ instructionId, error: text, response: { oneofKind: undefined } });
    }
  }

  async #respond(instruction: string, request: InstructionRequest["request"]): Promise<Response> {
    switch (request.oneofKind) {
      case "register":
        for (const descriptor of request.register.processBundleDescriptor) {
          this.#descriptors.set(descriptor.id, Promise.resolve(descriptor));
        }
        return { oneofKind: "register", register: {} };
      case "processBundle": {
        const answer = await this.#processBundle(instruction, request.processBundle);
        return { oneofKind: "processBundle", processBundle: { residualRoots: [], ...answer } };
      }
      case "processBundleProgress": {
        const processor = this.#running.get(request.processBundleProgress.instructionId);
        return {
          oneofKind: "processBundleProgress",
          processBundleProgress: this.#report(processor?.monitoringInfos() ?? []),
        };
      }
      case "processBundleSplit": // an empty answer: nothing to split off
        return {
          oneofKind: "processBundleSplit",
          processBundleSplit: { primaryRoots: [], residualRoots: [], channelSplits: [] },
        };
      case "finalizeBundle":
        await this.#finalizations.finalize(request.finalizeBundle.instructionId);
        return { oneofKind: "finalizeBundle", finalizeBundle: {} };
      case "monitoringInfos": {
        const monitoringInfo = this.#shortIds.lookUp(request.monitoringInfos.monitoringInfoId);
        return { oneofKind: "monitoringInfos", monitoringInfos: { monitoringInfo } };
      }
      case "harnessMonitoringInfos": // none beyond the bundles'
        return { oneofKind: "harnessMonitoringInfos", harnessMonitoringInfos: { monitoringData: {} } };
      case undefined:
        throw new HarnessError("unsupported", "an instruction of a kind that this worker doesn't know");
    }
  }

  async #processBundle(
    instruction: string,
    request: ProcessBundleRequest,
  ): Promise<Metrics & Pick<ProcessBundleResponse, "requiresFinalization">> {
    const id = request.processBundleDescriptorId;
    let processor = this.#idle.get(id)?.pop();
    let callbacks: readonly BundleCallback[];
    try {
      processor ??= new Processor(await this.#descriptor(id), this.#services);
      this.#running.set(instruction, processor);
      callbacks = await processor.run(instruction, request);
    } catch (error) {
      processor?.abort();
      if (processor) void this.#teardown(processor);
      for (const channel of this.#data.values()) channel.close(instruction); // also where no processor came about
      throw error;
    } finally {
      this.#running.delete(instruction);
    }
    const metrics = this.#report(processor.monitoringInfos());
    const idle = this.#idle.get(id);
    if (this.#over) void this.#teardown(processor);
    else if (idle) idle.push(processor);
    else this.#idle.set(id, [processor]);
    this.#finalizations.keep(instruction, callbacks);
    return { ...metrics, requiresFinalization: callbacks.length > 0 };
  }

  /** To this worker's own runner, which knows the instruction. */
  #logError(message: string, instruction: string): void {
    const record = { severity: "error", message, timeMs: Date.now(), instruction } as const;
    writeLog(record, this.#logging ? [this.#logging] : []);
  }

  #report(monitoringInfos: MonitoringInfo[]): Metrics {
    if (!this.#useShortIds) return { monitoringInfos, monitoringData: {} };
    return { monitoringInfos: [], monitoringData: this.#shortIds.shorten(monitoringInfos) };
  }

  #descriptor(id: string): Promise<ProcessBundleDescriptor> {
    let descriptor = this.#descriptors.get(id);
    if (!descriptor) {
      descriptor = this.#control.descriptor(id);
      this.#descriptors.set(id, descriptor);
      descriptor.catch(() => this.#descriptors.delete(id)); // the next bundle asks again
    }
    return descriptor;
  }

  async #teardown(processor: Processor): Promise<void> {
    try {
      await processor.teardown();
    } catch (error) {
      log.warn(`teardown failed: ${describeError(error)}`);
    }
  }
}
