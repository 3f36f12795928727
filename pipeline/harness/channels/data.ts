import type * as grpc from "@grpc/grpc-js";
import type { Elements } from "apache-beam/proto/beam_fn_api";
import { BeamFnDataClient } from "apache-beam/proto/beam_fn_api.grpc-client";
import { HarnessError } from "../errors.ts";
import { NO_BACK_PRESSURE } from "./back-pressure.ts";
import { CHANNEL_OPTIONS, CREDENTIALS } from "./connect.ts";
import { Inbox } from "./inbox.ts";
import type { InboxOwner } from "./inbox.ts";

/** The most that may wait, encoded, in all inboxes of a stream before reading pauses. */
export const DEFAULT_HIGH_WATER_BYTES = 64 * 1024 * 1024;
/** How many ended instructions are remembered, so that what still arrives for them is dropped. */
const REMEMBERED = 1000;

/**
 * The Fn API's data service: one stream to an endpoint, which all bundles of a worker share.
 *
 * Reading pauses while the inboxes hold too much. The stream can only pause as a whole, so it reads on, past the
 * limit, while some bundle waits for data: a bundle that is stuck must not starve another.
 */
export class DataChannel implements InboxOwner {
  readonly backPressure = { ...NO_BACK_PRESSURE };
  readonly #client: BeamFnDataClient;
  readonly #call: grpc.ClientDuplexStream<Elements, Elements>;
  readonly #highWaterBytes: number;
  readonly #inboxes = new Map<string, Inbox>();
  readonly #ended = new Set<string>();
  #bufferedBytes = 0;
  #waiting = 0;
  #drained: PromiseWithResolvers<undefined> | undefined;
  #failure: HarnessError | undefined;

  /** @param onLost called once, when the stream has broken */
  constructor(
    url: string,
    metadata: grpc.Metadata,
    onLost: (error: HarnessError) => void,
    highWaterBytes = DEFAULT_HIGH_WATER_BYTES,
  ) {
    this.#highWaterBytes = highWaterBytes;
    this.#client = new BeamFnDataClient(url, CREDENTIALS, CHANNEL_OPTIONS, {});
    this.#call = this.#client.data(metadata);
    this.#call.on("data", (elements: Elements) => {
      this.#receive(elements);
    });
    this.#call.on("drain", () => {
      if (!this.#drained) return;
      this.backPressure.drains++;
      this.#drained.resolve(undefined);
      this.#drained = undefined;
    });
    this.#call.on("error", (cause: Error) => {
      const known = this.#failure !== undefined;
      const error = this.#fail(`the data stream to ${url} broke: ${cause.message}`, cause);
      if (!known) onLost(error);
    });
    this.#call.on("end", () => {
      this.#fail(`the runner ended the data stream to ${url}`);
      this.#call.end();
    });
  }

  /** Where the data of an instruction arrives; what came before this call is kept. */
  inbox(instruction: string): Inbox {
    let inbox = this.#inboxes.get(instruction);
    if (!inbox) {
      inbox = new Inbox(this);
      if (this.#failure) inbox.fail(this.#failure);
      this.#inboxes.set(instruction, inbox);
    }
    return inbox;
  }

  /** Forgets an instruction: what is left and what still arrives for it is dropped. */
  close(instruction: string): void {
    this.#inboxes.get(instruction)?.discard();
    this.#inboxes.delete(instruction);
    this.#ended.add(instruction);
    if (this.#ended.size > REMEMBERED) {
      const [oldest] = this.#ended;
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
  }

  /**
   * Sends elements or timers.
   * @returns a promise when the transport is full: wait for it before making more.
   * @throws HarnessError `runner_gone`
   */
  send(elements: Elements): Promise<unknown> | undefined {
    if (this.#failure) throw this.#failure;
    if (this.#call.write(elements)) return undefined;
    if (!this.#drained) {
      this.backPressure.stalls++;
      this.#drained = Promise.withResolvers<undefined>();
    }
    return this.#drained.promise;
  }

  /**
   * Lets go of the stream. It is never half-closed first: the runner then finds its own end closed already, and
   * throws where it closes it.
   */
  cancel(): void {
    this.#fail("the worker has stopped");
    this.#call.cancel();
    this.#client.close();
  }

  /** @internal */
  taken(bytes: number): void {
    this.#bufferedBytes -= bytes;
    this.#regulate();
  }

  /** @internal */
  hungry(change: 1 | -1): void {
    this.#waiting += change;
    this.#regulate();
  }

  #receive(message: Elements): void {
    for (const [instruction, elements] of byInstruction(message)) {
      if (this.#ended.has(instruction)) continue;
      const bytes = sizeOf(elements);
      this.#bufferedBytes += bytes;
      this.backPressure.mostBufferedBytes = Math.max(
        this.backPressure.mostBufferedBytes,
        this.#bufferedBytes,
      );
      this.inbox(instruction).push(elements, bytes);
    }
    this.#regulate();
  }

  #regulate(): void {
    const paused = this.#call.isPaused();
    if (!paused && this.#waiting === 0 && this.#bufferedBytes > this.#highWaterBytes) {
      this.backPressure.pauses++;
      this.#call.pause();
    } else if (paused && (this.#waiting > 0 || this.#bufferedBytes <= this.#highWaterBytes / 2)) {
      this.backPressure.resumes++;
      this.#call.resume();
    }
  }

  #fail(message: string, cause?: Error): HarnessError {
    if (this.#failure) return this.#failure;
    const error = new HarnessError("runner_gone", message, { cause });
    this.#failure = error;
    for (const inbox of this.#inboxes.values()) inbox.fail(error);
    this.#drained?.reject(error);
    this.#drained = undefined;
    return error;
  }
}

/** A message may hold data of several instructions; almost always it holds one's. */
function byInstruction({ data, timers }: Elements): Iterable<[string, Elements]> {
  const first = data[0]?.instructionId ?? timers[0]?.instructionId;
  if (first === undefined) return [];
  if (data.every((d) => d.instructionId === first) && timers.every((t) => t.instructionId === first)) {
    return [[first, { data, timers }]];
  }
  const parts = new Map<string, Elements>();
  const part = (instruction: string): Elements => {
    let elements = parts.get(instruction);
    if (!elements) parts.set(instruction, (elements = { data: [], timers: [] }));
    return elements;
  };
  for (const d of data) part(d.instructionId).data.push(d);
  for (const t of timers) part(t.instructionId).timers.push(t);
  return parts;
}

function sizeOf({ data, timers }: Elements): number {
  let bytes = 0;
  for (const d of data) bytes += d.data.length;
  for (const t of timers) bytes += t.timers.length;
  return bytes;
}
