import { messageOf } from "../../core/error-message.ts";
import { Problem, RETRY_AFTER } from "../problem.ts";
import type { HistoryPointJson, LiveJson } from "./contract.ts";
import { historyPoint } from "./history-point.ts";

/** How a feed reads and sends. */
export interface LiveFeedOptions {
  /** How all is now; `watched`: for somebody. One reading after the other, whatever the number of browsers. */
  readonly read: (watched: boolean) => Promise<LiveJson>;
  /** Told of what a reading failed by. */
  readonly onFailure: (message: string) => void;
  /** Whether to read while nobody looks, so that there is a past to show. @default false */
  readonly always?: boolean;
  /** From the end of one reading to the next. @default 1000 */
  readonly everyMs?: number;
  /** Browsers at once. @default 64 */
  readonly streams?: number;
  /** What may wait for a browser that reads slowly; one further behind is dropped. @default 1 MiB */
  readonly bufferBytes?: number;
  /** Points of the past that are kept. @default 300 */
  readonly history?: number;
}

/** Proxies close what is silent for long. */
const COMMENT_EVERY_MS = 15_000;
const TEXT = new TextEncoder();

/**
 * Sends how all is to any number of browsers, as server-sent events: `history` once, then `live` again and again, and
 * `problem` where it can't be read.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class LiveFeed {
  readonly #options: Required<LiveFeedOptions>;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #history: HistoryPointJson[] = [];
  #latest: LiveJson | undefined;
  #timer: NodeJS.Timeout | undefined;
  #comments: NodeJS.Timeout | undefined;
  #running = false;
  #closed = false;

  constructor(options: LiveFeedOptions) {
    const defaults = { always: false, everyMs: 1_000, streams: 64, bufferBytes: 1_048_576, history: 300 };
    this.#options = { ...defaults, ...options };
    if (this.#options.always) this.#run();
  }

  /** Browsers that listen. */
  get listeners(): number {
    return this.#streams.size;
  }

  /**
   * A stream of events for one browser. It ends when the feed is closed.
   * @throws Problem `overloaded` where too many listen, `draining` after `close`
   */
  subscribe(): ReadableStream<Uint8Array> {
    const { streams, bufferBytes } = this.#options;
    if (this.#closed) throw new Problem("draining", "the server is ending");
    if (this.#streams.size >= streams) {
      throw new Problem("overloaded", `${String(streams)} browsers listen already`, {}, RETRY_AFTER);
    }
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          own = controller;
          this.#streams.add(controller);
          controller.enqueue(event("history", this.#history));
          if (this.#latest !== undefined) controller.enqueue(event("live", this.#latest));
        },
        cancel: () => {
          if (own !== undefined) this.#streams.delete(own);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: bufferBytes }),
    );
    this.#run();
    return stream;
  }

  /** Ends every stream, and reads no more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#comments);
    for (const controller of this.#streams) controller.close();
    this.#streams.clear();
  }

  #run(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    this.#comments = setInterval(() => this.#send(TEXT.encode(":\n\n")), COMMENT_EVERY_MS).unref();
    void this.#tick();
  }

  async #tick(): Promise<void> {
    try {
      const live = await this.#options.read(this.#streams.size > 0);
      this.#latest = live;
      this.#history = [...this.#history, historyPoint(live)].slice(-this.#options.history);
      this.#send(event("live", live));
    } catch (error) {
      this.#options.onFailure(messageOf(error));
      this.#send(event("problem", { detail: "the state can't be read: the server's log says why" }));
    }
    if (this.#closed) return;
    if (this.#streams.size === 0 && !this.#options.always) {
      this.#running = false;
      clearInterval(this.#comments);
      return;
    }
    this.#timer = setTimeout(() => void this.#tick(), this.#options.everyMs).unref();
  }

  #send(bytes: Uint8Array): void {
    for (const controller of this.#streams) {
      if ((controller.desiredSize ?? 0) >= bytes.byteLength) controller.enqueue(bytes);
      else {
        this.#streams.delete(controller);
        controller.error(new Error("the browser reads too slowly"));
      }
    }
  }
}

function event(name: string, data: unknown): Uint8Array {
  return TEXT.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
