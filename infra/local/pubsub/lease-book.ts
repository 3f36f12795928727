import type { Delivery } from "./delivery.ts";
import { Heap } from "./heap.ts";

interface Deadline {
  readonly delivery: Delivery;
  readonly ackId: string;
  readonly atMs: number;
}

/** The leases of a subscription by ack id, and when they end. */
export class LeaseBook {
  readonly #leases = new Map<string, Delivery>();
  readonly #deadlines = new Heap<Deadline>((deadline) => deadline.atMs);
  #granted = 0;

  get size(): number {
    return this.#leases.size;
  }

  /** The delivery that an ack id leases; none when the lease has ended. */
  get(ackId: string): Delivery | undefined {
    return this.#leases.get(ackId);
  }

  /** Starts a lease under a new ack id. */
  grant(delivery: Delivery, deadlineMs: number): void {
    delivery.ackId = `${delivery.message.seq}-${delivery.attempts}-${this.#granted++}`;
    this.#leases.set(delivery.ackId, delivery);
    this.setDeadline(delivery, deadlineMs);
  }

  /** Moves the end of a lease, either way. */
  setDeadline(delivery: Delivery, deadlineMs: number): void {
    delivery.deadlineMs = deadlineMs;
    this.#deadlines.push({ delivery, ackId: delivery.ackId, atMs: deadlineMs });
  }

  /** Ends a lease. */
  release(delivery: Delivery): void {
    this.#leases.delete(delivery.ackId);
    delivery.ackId = "";
  }

  /** A lease that has ended by `nowMs`; to be released by the caller before asking again. */
  expired(nowMs: number): Delivery | undefined {
    const next = this.#next();
    return next && next.atMs <= nowMs ? next.delivery : undefined;
  }

  /** When the next lease ends. */
  nextDeadlineMs(): number | undefined {
    return this.#next()?.atMs;
  }

  /** Every lease. */
  all(): Delivery[] {
    return [...this.#leases.values()];
  }

  /** The first deadline that still counts: a lease released or moved leaves stale ones behind. */
  #next(): Deadline | undefined {
    for (let next; (next = this.#deadlines.peek()); this.#deadlines.pop()) {
      const { delivery, ackId, atMs } = next;
      if (delivery.ackId === ackId && delivery.deadlineMs === atMs) return next;
    }
    return undefined;
  }
}
