/** Something that is due at one window end. It may be noted at several; only the one it names itself counts. */
export interface Due {
  /** The end at which it is due now; `undefined` when it is due no more. */
  dueMs: number | undefined;
}

/**
 * Who is due at which window end: a binary heap of ends, and a list of items for each. Moving an item leaves its
 * old note behind, which is dropped when it comes to the front: both cost O(log ends), whatever the number of items.
 */
export class Agenda<T extends Due> {
  readonly #heap: number[] = [];
  readonly #items = new Map<number, T[]>();

  /** Makes an item due at an end, instead of where it was due before. */
  move(item: T, endMs: number | undefined): void {
    if (item.dueMs === endMs) return;
    item.dueMs = endMs;
    if (endMs === undefined) return;
    const items = this.#items.get(endMs);
    if (items !== undefined) {
      items.push(item);
      return;
    }
    this.#items.set(endMs, [item]);
    this.#pushEnd(endMs);
  }

  /** The least end at which an item is due; `undefined` if none is. */
  next(): number | undefined {
    for (;;) {
      const endMs = this.#heap[0];
      if (endMs === undefined) return undefined;
      const items = this.#items.get(endMs) ?? [];
      while (items.length > 0 && items[items.length - 1]?.dueMs !== endMs) items.pop();
      if (items.length > 0) return endMs;
      this.#items.delete(endMs);
      this.#popEnd();
    }
  }

  /** Takes all items that are due at the least end. None is due any more until it is moved again. */
  take(): { readonly endMs: number; readonly items: readonly T[] } | undefined {
    const endMs = this.next();
    if (endMs === undefined) return undefined;
    const due: T[] = [];
    for (const item of this.#items.get(endMs) ?? []) {
      if (item.dueMs !== endMs) continue;
      item.dueMs = undefined;
      due.push(item);
    }
    this.#items.delete(endMs);
    this.#popEnd();
    return { endMs, items: due };
  }

  #pushEnd(endMs: number): void {
    const heap = this.#heap;
    let i = heap.push(endMs) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const parentMs = heap[parent] as number;
      if (parentMs <= endMs) break;
      heap[i] = parentMs;
      i = parent;
    }
    heap[i] = endMs;
  }

  #popEnd(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
      const childMs = heap[child] as number;
      if (childMs >= last) break;
      heap[i] = childMs;
      i = child;
    }
    heap[i] = last;
  }
}
