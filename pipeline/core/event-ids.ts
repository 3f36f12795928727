/**
 * The ids of one key's events, each with the slice that took it. They are kept in blocks as long as the reach of
 * copies: slices of one block are closer than that, so a block can't hold an id twice, and ids go a whole block at a time, as
 * their slices do.
 */
export class EventIds {
  readonly #blockMs: number;
  readonly #blocks = new Map<number, Map<string, number>>();

  /** @param reachMs within which two events of one id are copies, ms */
  constructor(reachMs: number) {
    this.#blockMs = reachMs;
  }

  add(ids: readonly string[], sliceMs: number): void {
    const number = Math.floor(sliceMs / this.#blockMs);
    let block = this.#blocks.get(number);
    if (block === undefined) this.#blocks.set(number, (block = new Map<string, number>()));
    for (const id of ids) block.set(id, sliceMs);
  }

  /** Whether a slice less than the reach away, on either side, took the id. */
  isNear(id: string, sliceMs: number): boolean {
    const number = Math.floor(sliceMs / this.#blockMs);
    for (let near = number - 1; near <= number + 1; near++) {
      const taken = this.#blocks.get(near)?.get(id);
      if (taken !== undefined && Math.abs(taken - sliceMs) < this.#blockMs) return true;
    }
    return false;
  }

  /** Forgets the blocks that end before an instant: no slice there takes events any more. */
  forgetBefore(startMs: number): void {
    for (const number of this.#blocks.keys()) {
      if ((number + 1) * this.#blockMs <= startMs) this.#blocks.delete(number);
    }
  }
}
