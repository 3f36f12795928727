import type { Consumer } from "./consumer.ts";
import { bySeq } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { Heap } from "./heap.ts";
import type { Lane } from "./lane.ts";

interface Delay {
  readonly delivery: Delivery;
  readonly untilMs: number;
}

/**
 * The waiting deliveries of a subscription, oldest first, each step O(log n) in the backlog. A delivery is queued
 * in one heap at a time (`queuedIn`); entries that it left elsewhere are skipped when they surface.
 */
export class ReadyQueue {
  /** For everyone: messages without ordering key, and the heads of idle lanes. */
  readonly #shared = new Heap<Delivery>(bySeq);
  /** Those whose backoff has not ended. */
  readonly #delayed = new Heap<Delay>((delay) => delay.untilMs);

  /** Queues a delivery without ordering key. */
  add(delivery: Delivery, nowMs: number): void {
    if (delivery.availableAtMs > nowMs) this.#delay(delivery);
    else this.#queue(delivery, this.#shared);
  }

  /** Queues the head of a lane where those who may have it look. To be called whenever the lane changed. */
  schedule(lane: Lane, nowMs: number): void {
    const head = lane.head;
    if (!head) return;
    const audience = lane.audience;
    if (head.availableAtMs > nowMs) this.#delay(head);
    else if (audience === "everyone") this.#queue(head, this.#shared);
    else if (audience === "nobody") head.queuedIn = undefined;
    else this.#queue(head, audience.own);
  }

  /** The oldest delivery that a consumer may have now, left inside. */
  peek(consumer: Consumer): Delivery | undefined {
    const shared = surface(this.#shared);
    const own = surface(consumer.own);
    if (!shared || !own) return shared ?? own;
    return shared.message.seq < own.message.seq ? shared : own;
  }

  /** Takes a delivery out: the one that `peek` just gave. */
  remove(delivery: Delivery): void {
    delivery.queuedIn?.pop();
    delivery.queuedIn = undefined;
  }

  /** Moves what has waited long enough to where it can be taken. */
  promote(nowMs: number): void {
    for (let due; (due = this.#delayed.peek()) && due.untilMs <= nowMs; this.#delayed.pop()) {
      const { delivery, untilMs } = due;
      if (delivery.phase !== "waiting" || delivery.availableAtMs !== untilMs) continue;
      if (delivery.lane) this.schedule(delivery.lane, nowMs);
      else this.add(delivery, nowMs);
    }
  }

  /** When the next delayed delivery becomes available. */
  nextDueMs(): number | undefined {
    return this.#delayed.peek()?.untilMs;
  }

  #delay(delivery: Delivery): void {
    delivery.queuedIn = undefined;
    this.#delayed.push({ delivery, untilMs: delivery.availableAtMs });
  }

  #queue(delivery: Delivery, heap: Heap<Delivery>): void {
    if (delivery.queuedIn === heap) return;
    delivery.queuedIn = heap;
    heap.push(delivery);
  }
}

/** The first entry that counts. A delivery may have moved, or an earlier one of its lane may have come back. */
function surface(heap: Heap<Delivery>): Delivery | undefined {
  for (let top; (top = heap.peek()); heap.pop()) {
    if (top.queuedIn !== heap) continue;
    if (top.phase === "waiting" && (!top.lane || top.lane.head === top)) return top;
    top.queuedIn = undefined;
  }
  return undefined;
}
