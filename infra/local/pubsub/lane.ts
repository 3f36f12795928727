import type { Consumer } from "./consumer.ts";
import { bySeq } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { Heap } from "./heap.ts";

/**
 * The messages of one ordering key in one subscription. They leave in order; while some are in flight, the next
 * ones may only go to the consumer that has those; when one comes again, all later ones in flight come again
 * after it, acknowledged or not.
 * @see https://cloud.google.com/pubsub/docs/ordering
 */
export class Lane {
  readonly key: string;
  readonly #waiting = new Heap<Delivery>(bySeq);
  /** Handed out and not settled, in order. */
  readonly #inFlight: Delivery[] = [];
  #consumer: Consumer | undefined;

  constructor(key: string) {
    this.key = key;
  }

  get empty(): boolean {
    return this.head === undefined && this.#inFlight.length === 0;
  }

  /** The one that leaves next. */
  get head(): Delivery | undefined {
    for (let top; (top = this.#waiting.peek()); this.#waiting.pop()) if (top.phase === "waiting") return top;
    return undefined;
  }

  /** Who alone may have the head: everyone, a consumer, or nobody until what is in flight is settled. */
  get audience(): "everyone" | "nobody" | Consumer {
    if (this.#inFlight.length === 0) return "everyone";
    return this.#consumer?.open === true ? this.#consumer : "nobody";
  }

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
  }

  /** Hands the head out. */
  take(consumer: Consumer): void {
    const head = this.head;
    if (!head) return;
    this.#waiting.pop();
    this.#inFlight.push(head);
    this.#consumer = consumer;
  }

  /**
   * What an acknowledgement settles: the delivery, and those after it that only waited for it. Nothing while an
   * earlier one is open.
   */
  acknowledge(delivery: Delivery): Delivery[] {
    delivery.phase = "acked";
    const open = this.#inFlight.findIndex((other) => other.phase !== "acked");
    return this.#inFlight.splice(0, open < 0 ? this.#inFlight.length : open);
  }

  /** Takes a delivery and the later ones in flight out, all of which have to come again. */
  recall(delivery: Delivery): Delivery[] {
    return this.#inFlight.splice(this.#inFlight.indexOf(delivery));
  }
}
