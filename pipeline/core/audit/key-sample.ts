import { rowKeyOf } from "../cell.ts";

/**
 * The keys that come first by their row keys, which begin with a hash: a sample that every store and every run agrees on,
 * and that is one range of the online store. Keeps something for each key; what came for a key that falls out is let go,
 * so that never more than twice the limit is held.
 */
export class KeySample<T> {
  readonly #limit: number;
  #byKey = new Map<string, T>();
  #bound: Buffer | undefined;
  #isCut = false;

  /** @param limit number of keys, 1 or more */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is kept for a key, made when it is new; `undefined` when the key can't be in the sample. */
  at(key: string, make: () => T): T | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#bound !== undefined && Buffer.compare(orderOf(key), this.#bound) > 0) return undefined;
    const made = make();
    this.#byKey.set(key, made);
    if (this.#byKey.size >= 2 * this.#limit + 1) this.#trim();
    return made;
  }

  /** The sample: in the order of row keys, and whether there were more keys than it holds. */
  take(): { readonly entries: readonly (readonly [string, T])[]; readonly isCut: boolean } {
    this.#trim();
    return { entries: [...this.#byKey], isCut: this.#isCut };
  }

  #trim(): void {
    const ordered = [...this.#byKey]
      .map((entry) => ({ entry, order: orderOf(entry[0]) }))
      .sort((a, b) => Buffer.compare(a.order, b.order));
    if (ordered.length > this.#limit) {
      this.#isCut = true;
      this.#bound = ordered[this.#limit - 1]?.order;
    }
    this.#byKey = new Map(ordered.slice(0, this.#limit).map(({ entry }) => entry));
  }
}

function orderOf(key: string): Buffer {
  return Buffer.from(rowKeyOf(key));
}
