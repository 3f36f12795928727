import type { Elements } from "apache-beam/proto/beam_fn_api";
import type { DataChannel } from "./channels/data.ts";
import type { StateChannel } from "./channels/state.ts";
import { HarnessError } from "./errors.ts";
import type { BundleCallback } from "./finalization.ts";
import type { StateCache } from "./state/cache.ts";
import type { SideInputCache } from "./state/side-inputs.ts";

/** What a bundle uses of its worker. */
export interface WorkerServices {
  data(url: string): DataChannel;
  state(url: string): StateChannel;
  readonly stateCache: StateCache;
  readonly sideInputCache: SideInputCache;
  /** Processing time, epoch ms. */
  readonly now: () => number;
}

/** The runner's promises about what a bundle may reuse; absent: nothing. */
export interface CacheTokens {
  readonly userState: string | undefined;
  /** By `transform id\0side input`. */
  readonly sideInputs: ReadonlyMap<string, string>;
}

/** A running bundle: its asynchronous work, and whether it has failed. */
export class Bundle {
  readonly instruction: string;
  readonly tokens: CacheTokens;
  readonly services: WorkerServices;
  /** What shall run once the runner has made the bundle durable. */
  readonly callbacks: BundleCallback[] = [];
  readonly #data = new Map<string, DataChannel>();
  readonly #state = new Map<string, StateChannel>();
  #pending: Promise<unknown>[] = [];
  #room: Promise<unknown> = Promise.resolve();
  #open = true;
  #failure: Error | undefined;
  #interrupt: ((error: Error) => void) | undefined;

  constructor(instruction: string, tokens: CacheTokens, services: WorkerServices) {
    this.instruction = instruction;
    this.tokens = tokens;
    this.services = services;
  }

  /**
   * The stream to a data endpoint, the same for the whole bundle, and the same for `state`. Should it be lost, the worker
   * opens a new one for others: on that one, this bundle's output would look whole without what was lost.
   */
  data(url: string): DataChannel {
    return remembered(this.#data, url, (to) => this.services.data(to));
  }

  state(url: string): StateChannel {
    return remembered(this.#state, url, (to) => this.services.state(to));
  }

  /** False once it has ended or failed: nothing may be sent for it then. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether something must be waited for, or has failed. */
  get unsettled(): boolean {
    return this.#pending.length > 0 || this.#failure !== undefined;
  }

  /** Adds work that must end before the next element of the source, and before the bundle does. */
  defer(work: Promise<unknown>): void {
    this.#pending.push(
      work.catch((error: unknown) => {
        this.fail(error);
      }),
    );
  }

  /** Fails the bundle, once; also where user code would swallow the error. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#interrupt?.(this.#failure);
  }

  /** Waits for all deferred work, and for what it defers in turn. Rejects with the bundle's first failure, at once. */
  async settle(): Promise<void> {
    while (this.#pending.length > 0 && !this.#failure) {
      const pending = this.#pending;
      this.#pending = [];
      await new Promise<void>((resolve, reject) => {
        this.#interrupt = reject;
        void Promise.all(pending).then(() => {
          resolve();
        });
      }).finally(() => {
        this.#interrupt = undefined;
      });
    }
    if (this.#failure) throw this.#failure;
  }

  /** Sends elements or timers; when the transport is full, the source waits before it takes the next element. */
  send(url: string, elements: Elements): void {
    if (!this.#open)
      throw new HarnessError("output", `an output after its bundle ${this.instruction} had ended`);
    const full = this.data(url).send(elements);
    if (!full) return;
    this.#room = full;
    this.defer(full);
  }

  /** Settles when the transport has room again, or is broken. */
  get room(): Promise<unknown> {
    return this.#room;
  }

  /** Ends the bundle, well or not. */
  close(): void {
    this.#open = false;
  }
}

function remembered<T>(known: Map<string, T>, url: string, open: (url: string) => T): T {
  let channel = known.get(url);
  if (channel === undefined) {
    channel = open(url);
    known.set(url, channel);
  }
  return channel;
}
