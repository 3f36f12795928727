import type { Consumer } from "./consumer.ts";
import { newDelivery } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { Lane } from "./lane.ts";
import { LeaseBook } from "./lease-book.ts";
import { sizeOf } from "./message.ts";
import type { StoredMessage } from "./message.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { RetainedMessages } from "./retention.ts";
import type { SubscriptionPolicy } from "./subscription-policy.ts";

/** How much one call may take. */
export interface TakeLimits {
  readonly maxMessages: number;
  /** A first message is given whatever its size. */
  readonly maxBytes: number;
  /** The length of the leases; by default the subscription's. */
  readonly ackDeadlineMs?: number;
}

/** What a subscription tells the one who keeps it. */
export interface SubscriptionEvents {
  /** The message never comes again, unless a seek brings it back. */
  settled: (seq: number) => void;
  /** Publishes a message that was handed out too often; `false` when it can't, and the message stays. */
  deadLetter: (message: StoredMessage, attempts: number) => boolean;
}

/**
 * The state of one subscription, without clock or wire: which messages wait, which are leased to whom, which come
 * again. Delivery is at least once; a message comes again when its lease ends or is given up.
 */
export class Subscription {
  policy: SubscriptionPolicy;
  readonly #events: SubscriptionEvents;
  /** Everything not settled, by seq. */
  readonly #open = new Map<number, Delivery>();
  readonly #acked = new RetainedMessages();
  readonly #leases = new LeaseBook();
  #ready = new ReadyQueue();
  #lanes = new Map<string, Lane>();

  constructor(policy: SubscriptionPolicy, events: SubscriptionEvents) {
    this.policy = policy;
    this.#events = events;
  }

  /** Messages not settled: waiting or leased. */
  get size(): number {
    return this.#open.size;
  }

  /** The messages not settled, oldest first. */
  openMessages(): StoredMessage[] {
    return [...this.#open.values()].map((delivery) => delivery.message);
  }

  /** Acknowledged messages that a seek could bring back. */
  ackedMessages(): StoredMessage[] {
    return [...this.#acked];
  }

  /** Takes a published message in, if the filter lets it. */
  offer(message: StoredMessage, nowMs: number): void {
    if (!this.policy.matches(message.attributes)) return;
    const delivery = newDelivery(message, this.#laneOf(message));
    this.#open.set(message.seq, delivery);
    this.#enqueue([delivery], nowMs);
  }

  /** Keeps an acknowledged message as a seek's material. */
  retain(message: StoredMessage): void {
    this.#acked.add(message);
  }

  /** Hands messages out, oldest first. */
  take(consumer: Consumer, limits: TakeLimits, nowMs: number): Delivery[] {
    this.expire(nowMs);
    const taken: Delivery[] = [];
    const deadlineMs = nowMs + (limits.ackDeadlineMs ?? this.policy.ackDeadlineMs);
    let bytes = 0;
    for (let next; taken.length < limits.maxMessages && (next = this.#ready.peek(consumer));) {
      if (nowMs - next.message.publishTimeMs > this.policy.retentionMs) {
        this.#drop(next, nowMs);
        continue;
      }
      bytes += sizeOf(next.message);
      if (taken.length > 0 && bytes > limits.maxBytes) break;
      this.#lease(next, consumer, deadlineMs, nowMs);
      taken.push(next);
    }
    return taken;
  }

  /** Settles what the ack ids lease; an id whose lease has ended has no effect. */
  acknowledge(ackIds: readonly string[], nowMs: number): void {
    for (const ackId of ackIds) {
      const delivery = this.#leases.get(ackId);
      if (delivery) this.#settleLeased(delivery, nowMs);
    }
  }

  /** Lets a lease end `lengthMs` from now; 0 gives the message up at once. */
  modifyAckDeadline(ackId: string, lengthMs: number, nowMs: number): void {
    const delivery = this.#leases.get(ackId);
    if (!delivery) return;
    if (lengthMs > 0) this.#leases.setDeadline(delivery, nowMs + lengthMs);
    else this.#comeAgain(delivery, nowMs);
  }

  /** Brings time up to `nowMs`: leases that have ended, and delays. */
  expire(nowMs: number): void {
    for (let ended; (ended = this.#leases.expired(nowMs));) this.#comeAgain(ended, nowMs);
    this.#ready.promote(nowMs);
    if (this.policy.retainAcked) this.#acked.trim(nowMs - this.policy.retentionMs);
  }

  /** When `expire` next has something to do. */
  nextDueMs(): number | undefined {
    const due = [this.#leases.nextDeadlineMs(), this.#ready.nextDueMs()].filter((at) => at !== undefined);
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Lets a consumer go. Its leases run on; what only it could have had goes to others. */
  close(consumer: Consumer, nowMs: number): void {
    consumer.open = false;
    const parked = [...consumer.own].filter((delivery) => delivery.queuedIn === consumer.own);
    for (const { lane } of parked) if (lane) this.#ready.schedule(lane, nowMs);
  }

  /** Settles a message wherever it stands: for the journal. */
  settle(seq: number, nowMs: number): void {
    const delivery = this.#open.get(seq);
    if (delivery) this.#drop(delivery, nowMs, true);
  }

  /**
   * Makes every message published at or after a time unacknowledged, and every earlier one acknowledged.
   * @param retained what the topic has kept, beside what this subscription has
   */
  seek(timeMs: number, retained: Iterable<StoredMessage>, nowMs: number): void {
    const known = new Map<number, StoredMessage>();
    for (const message of [...this.#acked, ...retained]) known.set(message.seq, message);
    for (const delivery of this.#leases.all()) this.#release(delivery);
    for (const delivery of this.#open.values()) {
      delivery.phase = "gone";
      known.set(delivery.message.seq, delivery.message);
    }
    this.#open.clear();
    this.#acked.clear();
    this.#ready = new ReadyQueue();
    this.#lanes = new Map();
    for (const message of [...known.values()].sort((a, b) => a.seq - b.seq)) {
      if (message.publishTimeMs >= timeMs) this.offer(message, nowMs);
      else if (this.policy.retainAcked && this.policy.matches(message.attributes)) this.#acked.add(message);
    }
  }

  #lease(delivery: Delivery, consumer: Consumer, deadlineMs: number, nowMs: number): void {
    this.#ready.remove(delivery);
    delivery.lane?.take(consumer);
    delivery.phase = "leased";
    delivery.attempts++;
    delivery.consumer = consumer;
    consumer.lease(delivery);
    this.#leases.grant(delivery, deadlineMs);
    if (delivery.lane) this.#ready.schedule(delivery.lane, nowMs);
  }

  #release(delivery: Delivery): void {
    if (delivery.phase !== "leased") return;
    this.#leases.release(delivery);
    delivery.consumer?.release(delivery);
    delivery.consumer = undefined;
  }

  #settleLeased(delivery: Delivery, nowMs: number): void {
    this.#release(delivery);
    const settled = delivery.lane?.acknowledge(delivery) ?? [delivery];
    for (const each of settled) {
      this.#forget(each);
      if (this.policy.retainAcked) this.#acked.add(each.message);
      this.#events.settled(each.message.seq);
    }
    this.#tidy(delivery.lane, nowMs);
  }

  /** A delivery failed: to the dead-letter topic when it did so too often, else back into the queue. */
  #comeAgain(delivery: Delivery, nowMs: number): void {
    const { deadLetter, backoffMs } = this.policy;
    const exhausted = deadLetter !== undefined && delivery.attempts >= deadLetter.maxAttempts;
    if (exhausted && this.#events.deadLetter(delivery.message, delivery.attempts)) {
      this.#settleLeased(delivery, nowMs);
      return;
    }
    const recalled = delivery.lane?.recall(delivery) ?? [delivery];
    for (const each of recalled) {
      this.#release(each);
      each.phase = "waiting";
      // Those behind it in the lane didn't fail themselves.
      if (each !== delivery) each.attempts--;
    }
    delivery.availableAtMs = nowMs + backoffMs(delivery.attempts);
    this.#enqueue(recalled, nowMs);
  }

  #enqueue(deliveries: readonly Delivery[], nowMs: number): void {
    for (const delivery of deliveries) {
      if (delivery.lane) delivery.lane.add(delivery);
      else this.#ready.add(delivery, nowMs);
    }
    const lane = deliveries[0]?.lane;
    if (lane) this.#ready.schedule(lane, nowMs);
  }

  /** Takes a waiting message out without handing it to anyone. */
  #drop(delivery: Delivery, nowMs: number, acknowledged = false): void {
    if (delivery.phase === "leased") {
      this.#settleLeased(delivery, nowMs);
      return;
    }
    this.#forget(delivery);
    if (acknowledged && this.policy.retainAcked) this.#acked.add(delivery.message);
    this.#tidy(delivery.lane, nowMs);
  }

  #forget(delivery: Delivery): void {
    delivery.phase = "gone";
    this.#open.delete(delivery.message.seq);
  }

  #tidy(lane: Lane | undefined, nowMs: number): void {
    if (!lane) return;
    if (lane.empty) this.#lanes.delete(lane.key);
    else this.#ready.schedule(lane, nowMs);
  }

  #laneOf(message: StoredMessage): Lane | undefined {
    if (!this.policy.ordered || message.orderingKey === "") return undefined;
    const known = this.#lanes.get(message.orderingKey);
    if (known) return known;
    const lane = new Lane(message.orderingKey);
    this.#lanes.set(message.orderingKey, lane);
    return lane;
  }
}
