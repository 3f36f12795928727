import { Consumer } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscription, TakeLimits } from "./subscription.ts";

/** One who gets a subscription's messages as they come: a client's stream, or an export. */
export interface PullStream {
  readonly consumer: Consumer;
  /** How much it takes now; `maxMessages` 0 for nothing. */
  limits: () => TakeLimits;
  send: (deliveries: readonly Delivery[]) => void;
  /** Called when the subscription is deleted. */
  end: () => void;
}

interface Waiter {
  readonly limits: TakeLimits;
  readonly done: (deliveries: Delivery[]) => void;
}

/** Most bytes of one response: clients refuse larger ones than their own limit, 20 MB and more. */
export const MAX_RESPONSE_BYTES = 10_000_000;

/**
 * Brings a subscription's messages to those who wait for them, and its time forward. Whoever changes the
 * subscription calls `wake`; messages leave at the end of the event loop's turn, so that many changes make one pass.
 */
export class Dispatcher {
  readonly #subscription: Subscription;
  readonly #now: () => number;
  readonly #streams = new Set<PullStream>();
  readonly #waiters = new Set<Waiter>();
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(subscription: Subscription, now: () => number) {
    this.#subscription = subscription;
    this.#now = now;
  }

  /** Something may have become available. */
  wake(): void {
    if (this.#streams.size + this.#waiters.size > 0) this.#scheduled ??= setImmediate(() => this.#run());
  }

  /** Opens a stream. @returns closes it */
  attach(stream: PullStream): () => void {
    this.#streams.add(stream);
    this.wake();
    return () => {
      if (!this.#streams.delete(stream)) return;
      this.#subscription.close(stream.consumer, this.#now());
      this.wake();
    };
  }

  /**
   * Takes messages once; waits for the first as long as `waitMs`.
   * @returns none when none came
   */
  async pull(limits: TakeLimits, waitMs: number): Promise<Delivery[]> {
    const taken = this.#takeOnce(limits);
    if (taken.length > 0 || waitMs === 0) return taken;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        limits,
        done: (deliveries) => {
          clearTimeout(timeout);
          this.#waiters.delete(waiter);
          resolve(deliveries);
        },
      };
      const timeout = setTimeout(() => waiter.done([]), waitMs);
      this.#waiters.add(waiter);
      this.wake();
    });
  }

  /** Ends every stream and every wait. */
  close(): void {
    for (const stream of this.#streams) stream.end();
    for (const waiter of this.#waiters) waiter.done([]);
    this.#streams.clear();
    clearImmediate(this.#scheduled);
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#scheduled = undefined;
    let progress = false;
    for (const stream of this.#streams) progress = this.#feed(stream) || progress;
    for (const waiter of this.#waiters) {
      const taken = this.#takeOnce(waiter.limits);
      if (taken.length === 0) break;
      waiter.done(taken);
    }
    // Another turn rather than a loop: acknowledgements get in between, and the streams take turns.
    if (progress) this.wake();
    else this.#sleep();
  }

  #feed(stream: PullStream): boolean {
    const limits = stream.limits();
    if (limits.maxMessages <= 0 || limits.maxBytes <= 0) return false;
    const deliveries = this.#subscription.take(stream.consumer, limits, this.#now());
    if (deliveries.length > 0) stream.send(deliveries);
    return deliveries.length > 0;
  }

  #takeOnce(limits: TakeLimits): Delivery[] {
    const consumer = new Consumer();
    const taken = this.#subscription.take(consumer, limits, this.#now());
    this.#subscription.close(consumer, this.#now());
    return taken;
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const dueMs = this.#subscription.nextDueMs();
    if (dueMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#subscription.expire(this.#now());
        this.wake();
      },
      Math.max(1, dueMs - this.#now()),
    );
    this.#timer.unref();
  }
}
