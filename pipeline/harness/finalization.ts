import { transformError } from "./errors.ts";

/** What user code wants done once its bundle is durable. */
export interface BundleCallback {
  /** The transform's unique name. */
  readonly transform: string;
  readonly run: () => void | Promise<void>;
  /** Processing time, epoch ms, from which on it must not run any more. */
  readonly expiresMs: number;
}

/**
 * Callbacks of bundles that have been answered and that the runner has not finalized yet. A runner need not ever do so
 * (a restart forgets them), so they go when they expire.
 */
export class Finalizations {
  readonly #now: () => number;
  readonly #waiting = new Map<string, readonly BundleCallback[]>();

  /** @param now processing time, epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Instructions whose callbacks are kept. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Keeps a bundle's callbacks, and lets go of those that have expired. */
  keep(instruction: string, callbacks: readonly BundleCallback[]): void {
    const now = this.#now();
    for (const [id, kept] of this.#waiting) {
      if (kept.every(({ expiresMs }) => expiresMs <= now)) this.#waiting.delete(id);
    }
    if (callbacks.length > 0) this.#waiting.set(instruction, callbacks);
  }

  /**
   * Runs a bundle's callbacks, once, in the order in which they were registered. One that fails doesn't keep the others
   * from running.
   * @throws HarnessError `transform_failed` of the first that failed
   */
  async finalize(instruction: string): Promise<void> {
    const callbacks = this.#waiting.get(instruction) ?? [];
    this.#waiting.delete(instruction);
    const failures: Error[] = [];
    for (const { transform, run, expiresMs } of callbacks) {
      if (expiresMs <= this.#now()) continue;
      try {
        await run();
      } catch (error) {
        failures.push(transformError(error, transform, "a callback after the bundle's commit"));
      }
    }
    if (failures[0]) throw failures[0];
  }
}
