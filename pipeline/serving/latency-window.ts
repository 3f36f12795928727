/** Times that are looked at, and how many of them there must be at least. */
const WINDOW = 500;
const ENOUGH = 100;
/** A quantile of so many times changes little by one: it is found anew after so many. */
const FOUND_ANEW_EVERY = 25;

/** A quantile of the times of late: in steady use of memory, and of none before there are enough of them. */
export class LatencyWindow {
  readonly #q: number;
  readonly #times: number[] = [];
  #next = 0;
  #quantile: number | undefined;

  /** @param q 0.95: the time below which 95 of 100 were */
  constructor(q: number) {
    this.#q = q;
  }

  /** ms; `undefined` until enough is known. */
  get quantileMs(): number | undefined {
    return this.#quantile;
  }

  add(ms: number): void {
    this.#times[this.#next % WINDOW] = ms;
    this.#next += 1;
    if (this.#next < ENOUGH || this.#next % FOUND_ANEW_EVERY !== 0) return;
    const sorted = this.#times.toSorted((a, b) => a - b);
    this.#quantile = sorted[Math.floor(this.#q * sorted.length)];
  }
}
