/** How much may be under way at once. */
export interface InFlightLimits {
  /** Entries of one request. */
  readonly entries: number;
  /** Bytes of one request, as `sizeOf` counts them. A single larger entry travels alone. */
  readonly bytes: number;
  /** Requests at once. */
  readonly requests: number;
}

/**
 * Micro-batches on their way to a store, for one bundle. Entries gather until a request is full; at most
 * `limits.requests` run at once, and `add` returns a promise only when all are taken: the caller that awaits it
 * is held back (back-pressure), one that can't merely queues.
 *
 * After the first failure nothing more is sent: `add` and `drain` reject with it.
 */
export class InFlight<T> {
  readonly #send: (batch: readonly T[]) => Promise<void>;
  readonly #sizeOf: (entry: T) => number;
  readonly #limits: InFlightLimits;
  #open: T[] = [];
  #openBytes = 0;
  #queue: T[][] = [];
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(
    send: (batch: readonly T[]) => Promise<void>,
    sizeOf: (entry: T) => number,
    limits: InFlightLimits,
  ) {
    this.#send = send;
    this.#sizeOf = sizeOf;
    this.#limits = limits;
  }

  /** Takes an entry. @returns a promise while every request is taken: await it before the next entry. */
  add(entry: T): Promise<void> | undefined {
    const bytes = this.#sizeOf(entry);
    if (this.#open.length > 0 && this.#openBytes + bytes > this.#limits.bytes) this.#close();
    this.#open.push(entry);
    this.#openBytes += bytes;
    if (this.#open.length >= this.#limits.entries || this.#openBytes >= this.#limits.bytes) this.#close();
    return this.#failure === undefined && this.#queue.length === 0 ? undefined : this.#room();
  }

  /** Sends what has gathered and waits for every request. Afterwards the object is as new. */
  async drain(): Promise<void> {
    this.#close();
    while (this.#running > 0 || (this.#queue.length > 0 && this.#failure === undefined)) await this.#change();
    const failure = this.#failure;
    this.#queue = [];
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  #close(): void {
    if (this.#open.length === 0) return;
    this.#queue.push(this.#open);
    this.#open = [];
    this.#openBytes = 0;
    this.#start();
  }

  #start(): void {
    while (this.#running < this.#limits.requests && this.#failure === undefined) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      this.#running += 1;
      void this.#run(batch);
    }
  }

  async #run(batch: readonly T[]): Promise<void> {
    try {
      await this.#send(batch);
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#running -= 1;
    this.#start();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #room(): Promise<void> {
    while (this.#failure === undefined && this.#queue.length > 0) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
