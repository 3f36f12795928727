import type { Elements } from "apache-beam/proto/beam_fn_api";

/** What an inbox tells the stream that fills it. */
export interface InboxOwner {
  /** `bytes` of the stream's buffer have been taken out. */
  taken(bytes: number): void;
  /** The inbox's consumer began (+1) or ended (−1) to wait for data. */
  hungry(change: 1 | -1): void;
}

/** What arrived for one instruction, in order; one consumer takes it out. */
export class Inbox {
  readonly #owner: InboxOwner;
  readonly #items: { elements: Elements; bytes: number }[] = [];
  #waiting: { resolve: (elements: Elements) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  /** @param bytes what the message takes of the stream's buffer */
  push(elements: Elements, bytes: number): void {
    const waiting = this.#waiting;
    if (!waiting) {
      this.#items.push({ elements, bytes });
      return;
    }
    this.#stopWaiting();
    this.#owner.taken(bytes);
    waiting.resolve(elements);
  }

  /** The next message; what came before a failure is still given out. */
  next(): Elements | Promise<Elements> {
    const item = this.#items.shift();
    if (item) {
      this.#owner.taken(item.bytes);
      return item.elements;
    }
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#owner.hungry(1);
    });
  }

  /** No more will come: the consumer's wait ends with this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#stopWaiting();
    waiting.reject(error);
  }

  /** Forgets what was not taken. */
  discard(): void {
    for (const { bytes } of this.#items.splice(0)) this.#owner.taken(bytes);
    if (this.#waiting) this.#stopWaiting();
  }

  #stopWaiting(): void {
    this.#waiting = undefined;
    this.#owner.hungry(-1);
  }
}
