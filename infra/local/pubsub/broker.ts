import { BrokerState, toJournal } from "./broker-state.ts";
import type { SubscriptionEntry } from "./broker-state.ts";
import { notFound } from "./errors.ts";
import { FileJournal, noJournal } from "./journal.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import type { Draft, StoredMessage } from "./message.ts";
import type { SchemaRegistry } from "./schemas.ts";
import type { SubscriptionEvents } from "./subscription.ts";
import type { Topic } from "./topic.ts";

export interface BrokerOptions {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Where the state outlives the process; none: in memory only. */
  readonly directory?: string;
}

/** The state behind both protocols, with its journal. A change is in the journal before the caller hears of it. */
export class Broker {
  readonly #now: () => number;
  readonly #state: BrokerState;
  readonly #journal: Journal;
  #onSubscription: (entry: SubscriptionEntry) => void = () => {};
  /** Settled messages by subscription, to be written at the end of the event loop's turn. */
  readonly #settled = new Map<string, number[]>();
  #flush: NodeJS.Immediate | undefined;

  constructor(options: BrokerOptions) {
    this.#now = options.now;
    this.#state = new BrokerState(options.now, (name) => this.#events(name));
    this.#journal = this.#open(options.directory);
  }

  /** Tells one listener of every subscription, those there are and those that will be. */
  onSubscription(listener: (entry: SubscriptionEntry) => void): void {
    this.#onSubscription = listener;
    for (const entry of this.subscriptions.values()) listener(entry);
  }

  get topics(): ReadonlyMap<string, Topic> {
    return this.#state.topics;
  }

  get subscriptions(): ReadonlyMap<string, SubscriptionEntry> {
    return this.#state.subscriptions;
  }

  get schemas(): SchemaRegistry {
    return this.#state.schemas;
  }

  get nowMs(): number {
    return this.#now();
  }

  /** @throws PubsubError NOT_FOUND */
  topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (!topic) throw notFound(name);
    return topic;
  }

  /** @throws PubsubError NOT_FOUND */
  subscription(name: string): SubscriptionEntry {
    const entry = this.subscriptions.get(name);
    if (!entry) throw notFound(name);
    return entry;
  }

  /** Makes a change that was checked. */
  commit(record: JournalRecord): void {
    this.#append(record);
    const known = record.op === "subscription" ? new Set(this.subscriptions.values()) : undefined;
    this.#state.apply(record);
    if (!known) return;
    for (const entry of this.subscriptions.values()) if (!known.has(entry)) this.#onSubscription(entry);
  }

  /**
   * Publishes messages that were checked.
   * @returns their ids, in order
   * @throws PubsubError NOT_FOUND
   */
  publish(topicName: string, drafts: readonly Draft[]): string[] {
    this.topic(topicName);
    // Neither ids nor publish times go back, whatever the clock does and however often the endpoint starts.
    const publishTimeMs = Math.max(this.#now(), this.#state.lastPublishMs);
    const first = Math.max(publishTimeMs * 1000, this.#state.lastSeq + 1);
    const messages = drafts.map((draft, i): StoredMessage => ({ ...draft, seq: first + i, publishTimeMs }));
    this.#append({
      op: "publish",
      topic: topicName,
      at_ms: publishTimeMs,
      messages: messages.map(toJournal),
    });
    this.#state.deliver(topicName, messages);
    return messages.map((message) => String(message.seq));
  }

  /** Writes what is pending, and ends every stream. */
  close(): void {
    this.#writeSettled();
    for (const { dispatcher } of this.subscriptions.values()) dispatcher.close();
    this.#journal.close();
  }

  #open(directory: string | undefined): Journal {
    if (directory === undefined) return noJournal;
    const journal = new FileJournal(directory, (record) => this.#state.apply(record));
    this.#state.loaded();
    journal.compact(this.#state.snapshot());
    return journal;
  }

  #append(record: JournalRecord): void {
    this.#writeSettled();
    this.#journal.append(record);
    if (this.#journal.oversized) setImmediate(() => this.#compact());
  }

  #compact(): void {
    if (this.#journal.oversized) this.#journal.compact(this.#state.snapshot());
  }

  #events(subscription: string): SubscriptionEvents {
    return {
      settled: (seq) => {
        const seqs = this.#settled.get(subscription);
        if (seqs) seqs.push(seq);
        else this.#settled.set(subscription, [seq]);
        this.#flush ??= setImmediate(() => this.#writeSettled());
      },
      deadLetter: (message, attempts) => this.#deadLetter(subscription, message, attempts),
    };
  }

  #writeSettled(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    for (const [subscription, seqs] of this.#settled) this.#journal.append({ op: "ack", subscription, seqs });
    this.#settled.clear();
  }

  /** @see https://cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic for the attributes */
  #deadLetter(name: string, message: StoredMessage, attempts: number): boolean {
    const topicName = this.subscriptions.get(name)?.subscription.policy.deadLetter?.topic;
    if (topicName === undefined || !this.topics.has(topicName)) return false;
    const [, project = "", , subscriptionId = ""] = name.split("/");
    const attributes = {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
      CloudPubSubDeadLetterSourceSubscription: subscriptionId,
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(message.publishTimeMs).toISOString(),
    };
    this.publish(topicName, [{ ...message, attributes }]);
    return true;
  }
}
