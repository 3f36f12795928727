import { FreshetError } from "../../core/errors.ts";
import { StoreConfigError, StoreUnavailableError } from "../../stores/errors.ts";
import { Admission } from "../admission.ts";
import { Deadline } from "../deadline.ts";
import { Problem, RETRY_AFTER } from "../problem.ts";

/** How the reads of BigQuery are bounded. */
export interface SlowReadOptions {
  /** How long one is waited for, ms. */
  readonly deadlineMs: number;
  /** Called with what a store failed by: it is no caller's to know. */
  readonly onFailure: (message: string) => void;
}

/** All at once; a query costs money and seconds, and people look one at a time. */
const ALL = { concurrent: 3, queued: 12 } as const;
/** Of one subject, e.g. a key. */
const LANE = { concurrent: 1, queued: 20 } as const;
const KEPT = 50;

interface Known {
  readonly answer: Promise<unknown>;
  /** Those who wait for it, each with what tells that he has gone. */
  readonly askers: (AbortSignal | undefined)[];
  /** On a clock that never jumps; undefined while it is read. */
  readUntilMs: number | undefined;
}

/**
 * Reads that take seconds, for people who look: few at once, one at a time of a subject, and the same question asked
 * again while it is read, or soon after, gets the same answer.
 */
export class SlowReads {
  readonly #options: SlowReadOptions;
  readonly #all = new Admission(ALL);
  readonly #lanes = new Map<string, Admission>();
  readonly #known = new Map<string, Known>();

  constructor(options: SlowReadOptions) {
    this.#options = options;
  }

  /**
   * Reads, or gives what was just read.
   * @param lane what it is about: one is read at a time
   * @param question names the answer within its lane; `undefined`: it is never shared, e.g. since it changes something
   * @param read gets how long it may take, ms
   * @param [signal] tells that nobody waits any more: what all have left before its turn is not read
   * @param [keepMs=0] how long the answer stands: what is asked again within it is not read again
   * @throws Problem `overloaded`, `deadline_exceeded`, `offline_store_unavailable`, `too_many_events`
   */
  async run<T>(
    lane: string,
    question: string | undefined,
    read: (budgetMs: number) => Promise<T>,
    signal?: AbortSignal,
    keepMs = 0,
  ): Promise<T> {
    if (question === undefined) return await this.#admitted(lane, read);
    const id = JSON.stringify([lane, question]);
    const known = this.#known.get(id);
    if (known !== undefined && (known.readUntilMs ?? Infinity) > performance.now()) {
      known.askers.push(signal);
      return (await known.answer) as T;
    }
    const askers = [signal];
    const answer = this.#admitted(lane, (budgetMs) => {
      if (!askers.every((asker) => asker?.aborted)) return read(budgetMs);
      throw new Problem("overloaded", "nobody waits for it any more", {}, RETRY_AFTER);
    });
    const entry: Known = { answer, askers, readUntilMs: undefined };
    this.#known.set(id, entry);
    try {
      const result = await answer;
      entry.readUntilMs = performance.now() + keepMs;
      return result;
    } catch (error) {
      if (this.#known.get(id) === entry) this.#known.delete(id);
      throw error;
    } finally {
      this.#forget();
    }
  }

  async #admitted<T>(lane: string, read: (budgetMs: number) => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.#options.deadlineMs);
    const own = this.#lanes.get(lane) ?? new Admission(LANE);
    this.#lanes.set(lane, own);
    // The place is kept until the read ends, even where nobody waits for it any more: it costs as long as it runs.
    const work = own.run(deadline, () => this.#all.run(deadline, async () => read(deadline.leftMs)));
    void work
      .catch(() => undefined)
      .then(() => {
        if (own.active === 0) this.#lanes.delete(lane);
      });
    try {
      return await deadline.of(work);
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  #problemOf(error: unknown): unknown {
    if (error instanceof StoreUnavailableError || error instanceof StoreConfigError) {
      this.#options.onFailure(error.message);
      const detail =
        error instanceof StoreUnavailableError
          ? "a store did not answer in time; what it holds is not lost, try again"
          : "a store lacks a table, or refuses access: the server's log says which";
      return new Problem("offline_store_unavailable", detail, {}, RETRY_AFTER);
    }
    if (error instanceof FreshetError && error.code === "busy_key") {
      return new Problem("too_many_events", "the key has more events near that instant than can be shown");
    }
    return error;
  }

  #forget(): void {
    for (const [id, { readUntilMs }] of this.#known) {
      const isOver = readUntilMs !== undefined && readUntilMs <= performance.now();
      if (isOver || this.#known.size > KEPT) this.#known.delete(id);
    }
  }
}
