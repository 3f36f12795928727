/** A binary min-heap: `push` and `pop` in O(log n). Ties leave in no particular order. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #rank: (item: T) => number;

  /** @param rank read once per comparison, so it must not change while the item is inside */
  constructor(rank: (item: T) => number) {
    this.#rank = rank;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The item of least rank, left inside. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    const rank = this.#rank(item);
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as T;
      if (this.#rank(above) <= rank) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  /** Takes the item of least rank out. */
  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last as T);
    return top;
  }

  #sink(item: T): void {
    const items = this.#items;
    const rank = this.#rank(item);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#rank(items[child + 1] as T) < this.#rank(items[child] as T))
        child++;
      const below = items[child] as T;
      if (this.#rank(below) >= rank) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }

  /** Everything inside, in no particular order. */
  *[Symbol.iterator](): Iterator<T> {
    yield* this.#items;
  }
}
