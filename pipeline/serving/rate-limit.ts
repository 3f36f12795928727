import { Problem } from "./problem.ts";

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Lets each caller make so many requests a second on average, and that many at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * Counts a request.
   * @param nowMs of a clock that never goes back
   * @throws Problem `rate_limited`, which says when to come again
   */
  take(caller: string, nowMs: number): void {
    const most = Math.max(1, this.#perSecond);
    const bucket = this.#buckets.get(caller) ?? { tokens: most, filledMs: nowMs };
    this.#buckets.set(caller, bucket);
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.filledMs) / 1000) * this.#perSecond);
    bucket.filledMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return;
    }
    const seconds = Math.ceil((1 - bucket.tokens) / this.#perSecond);
    const detail = `a caller may make ${String(this.#perSecond)} requests a second`;
    throw new Problem("rate_limited", detail, {}, { "Retry-After": String(seconds) });
  }
}
