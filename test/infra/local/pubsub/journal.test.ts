import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Broker } from "../../../../infra/local/pubsub/broker.ts";
import { Consumer } from "../../../../infra/local/pubsub/consumer.ts";
import { FileJournal } from "../../../../infra/local/pubsub/journal.ts";
import type { JournalRecord } from "../../../../infra/local/pubsub/journal.ts";

const TOPIC = "projects/local-dev/topics/orders";
const FIRST = "projects/local-dev/subscriptions/first";
const SECOND = "projects/local-dev/subscriptions/second";
const ALL = { maxMessages: 1000, maxBytes: 1e9 };

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "freshet-journal-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const open = (nowMs = 1_000_000): Broker => new Broker({ now: () => nowMs, directory });
const draft = (text: string) => ({ data: Buffer.from(text), attributes: { a: text }, orderingKey: "" });
const file = () => join(directory, "journal.ndjson");

/** What a consumer gets of a subscription, by content. */
function drain(broker: Broker, name: string): string[] {
  const taken = broker.subscription(name).subscription.take(new Consumer(), ALL, broker.nowMs);
  return taken.map(({ message }) => Buffer.from(message.data).toString());
}

function acknowledge(broker: Broker, name: string, ...texts: string[]): void {
  const { subscription } = broker.subscription(name);
  for (const { message, ackId } of subscription.take(new Consumer(), ALL, broker.nowMs)) {
    if (texts.includes(Buffer.from(message.data).toString())) subscription.acknowledge([ackId], broker.nowMs);
    else subscription.modifyAckDeadline(ackId, 0, broker.nowMs);
  }
}

function shop(): Broker {
  const broker = open();
  broker.commit({ op: "topic", config: { name: TOPIC, messageRetentionDuration: "3600s" } });
  broker.commit({ op: "subscription", config: { name: FIRST, topic: TOPIC, retainAckedMessages: true } });
  broker.publish(TOPIC, ["a", "b", "c"].map(draft));
  broker.commit({ op: "subscription", config: { name: SECOND, topic: TOPIC } });
  broker.publish(TOPIC, [draft("d")]);
  acknowledge(broker, FIRST, "a", "c");
  return broker;
}

test("what was published comes back, what was acknowledged doesn't, leases end", () => {
  const broker = shop();
  drain(broker, SECOND);
  broker.close();
  const again = open();
  expect(drain(again, FIRST)).toEqual(["b", "d"]);
  expect(drain(again, SECOND)).toEqual(["d"]);
  again.close();
});

test("restarting twice reads the snapshot of the first restart, with what topic and subscription keep for a seek", () => {
  shop().close();
  open().close();
  const broker = open();
  broker.commit({ op: "seek", subscription: FIRST, time_ms: 0 });
  broker.commit({ op: "seek", subscription: SECOND, time_ms: 0 });
  expect(drain(broker, FIRST)).toEqual(["a", "b", "c", "d"]);
  expect(drain(broker, SECOND)).toEqual(["a", "b", "c", "d"]);
  broker.close();
  const again = open();
  expect(drain(again, SECOND)).toEqual(["a", "b", "c", "d"]);
  again.close();
});

test("a line cut off by a crash is dropped, and writing goes on behind the last whole one", () => {
  shop().close();
  appendFileSync(file(), '{"op":"publish","topic":"proj');
  const broker = open();
  broker.publish(TOPIC, [draft("e")]);
  broker.close();
  const again = open();
  expect(drain(again, FIRST)).toEqual(["b", "d", "e"]);
  again.close();
});

test("deleting a topic leaves its subscriptions what they have", () => {
  const broker = shop();
  broker.commit({ op: "delete_topic", name: TOPIC });
  broker.close();
  const again = open();
  expect(again.topics.size).toBe(0);
  expect(again.subscription(FIRST).config.topic).toBe("_deleted-topic_");
  expect(drain(again, FIRST)).toEqual(["b", "d"]);
  again.close();
});

test("message ids and publish times never go back, though the clock does", () => {
  const broker = shop();
  const [before = ""] = broker.publish(TOPIC, [draft("e")]);
  broker.close();
  const again = open(500);
  const [after = ""] = again.publish(TOPIC, [draft("f")]);
  expect(Number(after)).toBeGreaterThan(Number(before));
  const taken = again.subscription(SECOND).subscription.take(new Consumer(), ALL, 500);
  expect(taken.map(({ message }) => message.publishTimeMs)).toEqual([1_000_000, 1_000_000, 1_000_000]);
  again.close();
});

test("a journal that has grown much longer than what it says is written anew", async () => {
  const broker = open();
  broker.commit({ op: "topic", config: { name: TOPIC } });
  for (let i = 0; i < 60; i++) broker.publish(TOPIC, [{ ...draft("x"), data: Buffer.alloc(1_000_000) }]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(statSync(file()).size).toBeLessThan(20_000_000);
  broker.close();
  const again = open();
  expect(again.topic(TOPIC).config.name).toBe(TOPIC);
  again.close();
});

test("a journal longer than one read is read line by line", () => {
  const written: JournalRecord[] = Array.from({ length: 30 }, (_, i) => ({
    op: "publish",
    topic: TOPIC,
    at_ms: i,
    messages: [[i, "x".repeat(100_000), {}, ""]],
  }));
  const journal = new FileJournal(directory, () => expect.fail("a new journal has no records"));
  for (const record of written) journal.append(record);
  journal.close();
  const read: JournalRecord[] = [];
  new FileJournal(directory, (record) => read.push(record)).close();
  expect(read).toEqual(written);
});

test("a snapshot takes the place of everything before it, and appending goes on", () => {
  const journal = new FileJournal(directory, () => {});
  const [one, two] = ["one", "two"].map((name): JournalRecord => ({ op: "delete_topic", name }));
  journal.append(one as JournalRecord);
  journal.compact([two as JournalRecord]);
  journal.append(one as JournalRecord);
  journal.close();
  expect(
    readFileSync(file(), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([two, one]);
});
