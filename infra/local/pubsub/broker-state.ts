import { Dispatcher } from "./dispatcher.ts";
import type { JournalMessage, JournalRecord } from "./journal.ts";
import type { StoredMessage } from "./message.ts";
import { codec } from "./protos.ts";
import type { ISchema, ISubscription, ITopic } from "./protos.ts";
import { compileRevision, SchemaRegistry } from "./schemas.ts";
import { policyOf } from "./subscription-policy.ts";
import { Subscription } from "./subscription.ts";
import type { SubscriptionEvents } from "./subscription.ts";
import { timestampOf } from "./time.ts";
import { Topic } from "./topic.ts";

/** A subscription with its configuration and those who wait for its messages. */
export interface SubscriptionEntry {
  config: ISubscription;
  readonly subscription: Subscription;
  readonly dispatcher: Dispatcher;
}

/** The name that subscriptions of a deleted topic have in the topic's place. */
export const DELETED_TOPIC = "_deleted-topic_";

const topicCodec = codec<ITopic>("Topic");
const subscriptionCodec = codec<ISubscription>("Subscription");
const schemaCodec = codec<ISchema>("Schema");

/** All that the endpoint knows. It changes by journal records only, so that replaying them leads back to it. */
export class BrokerState {
  readonly topics = new Map<string, Topic>();
  readonly subscriptions = new Map<string, SubscriptionEntry>();
  readonly schemas = new SchemaRegistry();
  lastSeq = 0;
  lastPublishMs = 0;
  readonly #now: () => number;
  readonly #events: (subscription: string) => SubscriptionEvents;
  /** Messages of a snapshot, until the subscriptions that hold them have been read. */
  readonly #kept = new Map<number, StoredMessage>();

  constructor(now: () => number, events: (subscription: string) => SubscriptionEvents) {
    this.#now = now;
    this.#events = events;
  }

  /** Applies one change. Names are taken as valid: the one who makes a record has checked it. */
  apply(record: JournalRecord): void {
    switch (record.op) {
      case "topic": {
        this.#setTopic(topicCodec.fromJson(record.config));
        return;
      }
      case "delete_topic": {
        this.#deleteTopic(record.name);
        return;
      }
      case "subscription": {
        this.#setSubscription(subscriptionCodec.fromJson(record.config));
        return;
      }
      case "delete_subscription":
        this.subscriptions.get(record.name)?.dispatcher.close();
        this.subscriptions.delete(record.name);
        return;
      case "schema": {
        this.#setSchema(schemaCodec.fromJson(record.config));
        return;
      }
      case "delete_schema": {
        this.schemas.delete(record.name);
        return;
      }
      case "publish": {
        this.deliver(
          record.topic,
          record.messages.map((message) => fromJournal(message, record.at_ms)),
        );
        return;
      }
      case "ack":
        for (const seq of record.seqs)
          this.subscriptions.get(record.subscription)?.subscription.settle(seq, this.#now());
        return;
      case "seek": {
        this.#seek(record.subscription, record.time_ms);
        return;
      }
      case "keep": {
        this.#keep(record.topic, fromJournal(record.message, record.at_ms));
        return;
      }
      case "hold": {
        this.#hold(record);
        return;
      }
    }
  }

  /** Gives published messages to a topic's subscriptions. */
  deliver(topicName: string, messages: readonly StoredMessage[]): void {
    const nowMs = this.#now();
    const entries = [...this.subscriptions.values()].filter((entry) => entry.config.topic === topicName);
    for (const message of messages) {
      this.#count(message);
      this.topics.get(topicName)?.retain(message, nowMs);
      for (const { subscription } of entries) subscription.offer(message, nowMs);
    }
    for (const { dispatcher } of entries) dispatcher.wake();
  }

  /** Records that lead from nothing to this state; leases and delivery counts are not part of it. */
  *snapshot(): Generator<JournalRecord> {
    for (const name of this.schemas.names()) {
      for (const { config } of this.schemas.revisions(name))
        yield { op: "schema", config: schemaCodec.toJson(config) };
    }
    for (const { config } of this.topics.values()) yield { op: "topic", config: topicCodec.toJson(config) };
    const entries = [...this.subscriptions];
    for (const [, { config }] of entries)
      yield { op: "subscription", config: subscriptionCodec.toJson(config) };
    yield* this.#snapshotMessages();
    for (const [name, { subscription }] of entries) {
      const open = subscription.openMessages().map((message) => message.seq);
      const acked = subscription.ackedMessages().map((message) => message.seq);
      yield { op: "hold", subscription: name, open, acked };
    }
  }

  *#snapshotMessages(): Generator<JournalRecord> {
    const written = new Set<number>();
    const keep = (topic: string, message: StoredMessage): JournalRecord => {
      written.add(message.seq);
      return { op: "keep", topic, at_ms: message.publishTimeMs, message: toJournal(message) };
    };
    for (const [name, { retained }] of this.topics) for (const message of retained) yield keep(name, message);
    for (const { subscription } of this.subscriptions.values()) {
      for (const message of [...subscription.openMessages(), ...subscription.ackedMessages()]) {
        if (!written.has(message.seq)) yield keep("", message);
      }
    }
  }

  #setTopic(config: ITopic): void {
    const name = config.name ?? "";
    this.topics.set(name, new Topic(config, this.topics.get(name)?.retained));
  }

  #deleteTopic(name: string): void {
    this.topics.delete(name);
    for (const entry of this.subscriptions.values()) {
      if (entry.config.topic === name) entry.config = { ...entry.config, topic: DELETED_TOPIC };
    }
  }

  #setSubscription(config: ISubscription): void {
    const name = config.name ?? "";
    const known = this.subscriptions.get(name);
    if (known) {
      known.config = config;
      known.subscription.policy = policyOf(config);
      return;
    }
    const subscription = new Subscription(policyOf(config), this.#events(name));
    this.subscriptions.set(name, {
      config,
      subscription,
      dispatcher: new Dispatcher(subscription, this.#now),
    });
  }

  #setSchema(config: ISchema): void {
    this.schemas.add(
      config.name ?? "",
      compileRevision(config, config.revisionCreateTime ?? timestampOf(this.#now())),
    );
  }

  #seek(name: string, timeMs: number): void {
    const entry = this.subscriptions.get(name);
    const topic = this.topics.get(entry?.config.topic ?? "");
    entry?.subscription.seek(timeMs, topic?.retained ?? [], this.#now());
    entry?.dispatcher.wake();
  }

  #keep(topicName: string, message: StoredMessage): void {
    this.#count(message);
    this.#kept.set(message.seq, message);
    this.topics.get(topicName)?.retain(message, this.#now());
  }

  #hold({ subscription: name, open, acked }: JournalRecord & { op: "hold" }): void {
    const subscription = this.subscriptions.get(name)?.subscription;
    const messages = (seqs: readonly number[]) => seqs.flatMap((seq) => this.#kept.get(seq) ?? []);
    for (const message of messages(open)) subscription?.offer(message, this.#now());
    for (const message of messages(acked)) subscription?.retain(message);
  }

  #count(message: StoredMessage): void {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    this.lastPublishMs = Math.max(this.lastPublishMs, message.publishTimeMs);
  }

  /** Forgets what only reading a snapshot needed. */
  loaded(): void {
    this.#kept.clear();
  }
}

/** A message as the journal has it; its publish time stands in the record. */
export const toJournal = (message: StoredMessage): JournalMessage => [
  message.seq,
  Buffer.from(message.data).toString("base64"),
  message.attributes,
  message.orderingKey,
];

const fromJournal = (
  [seq, data, attributes, orderingKey]: JournalMessage,
  publishTimeMs: number,
): StoredMessage => ({
  seq,
  publishTimeMs,
  data: Buffer.from(data, "base64"),
  attributes,
  orderingKey,
});
