import type { StoredMessage } from "./message.ts";

/** Messages kept for a seek back in time, for a bounded age. */
export class RetainedMessages {
  readonly #bySeq = new Map<number, StoredMessage>();

  add(message: StoredMessage): void {
    this.#bySeq.set(message.seq, message);
  }

  delete(seq: number): void {
    this.#bySeq.delete(seq);
  }

  /** Drops what was published before a time: at the front, where the oldest stand (nearly: acks are in any order). */
  trim(beforeMs: number): void {
    for (const [seq, message] of this.#bySeq) {
      if (message.publishTimeMs >= beforeMs) break;
      this.#bySeq.delete(seq);
    }
  }

  clear(): void {
    this.#bySeq.clear();
  }

  [Symbol.iterator](): Iterator<StoredMessage> {
    return this.#bySeq.values();
  }
}
