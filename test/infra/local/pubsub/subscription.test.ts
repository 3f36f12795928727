import { describe, expect, test } from "vitest";
import { Consumer } from "../../../../infra/local/pubsub/consumer.ts";
import type { StoredMessage } from "../../../../infra/local/pubsub/message.ts";
import { policyOf } from "../../../../infra/local/pubsub/subscription-policy.ts";
import { Subscription } from "../../../../infra/local/pubsub/subscription.ts";
import type { ISubscription } from "../../../../infra/local/pubsub/protos.ts";

const ALL = { maxMessages: 1000, maxBytes: 1e9 };
const seconds = (n: number) => ({ seconds: n });

const message = (seq: number, change: Partial<StoredMessage> = {}): StoredMessage => ({
  seq,
  publishTimeMs: seq,
  data: Buffer.from(`m${seq}`),
  attributes: {},
  orderingKey: "",
  ...change,
});

/** A subscription whose settled and dead-lettered messages can be read, and a consumer on it. */
function setUp(config: ISubscription = {}, messages: readonly StoredMessage[] = []) {
  const settled: number[] = [];
  const dead: { seq: number; attempts: number }[] = [];
  const subscription = new Subscription(policyOf(config), {
    settled: (seq) => settled.push(seq),
    deadLetter: ({ seq }, attempts) => dead.push({ seq, attempts }) > 0,
  });
  for (const each of messages) subscription.offer(each, each.publishTimeMs);
  const consumer = new Consumer();
  const take = (nowMs: number, by = consumer, limits = ALL) => subscription.take(by, limits, nowMs);
  const seqs = (nowMs: number, by = consumer, limits = ALL) =>
    take(nowMs, by, limits).map((d) => d.message.seq);
  return { subscription, consumer, settled, dead, take, seqs };
}

describe("leases", () => {
  test("a message is handed out once while its lease lasts, and again when it has ended", () => {
    const { seqs } = setUp({ ackDeadlineSeconds: 10 }, [message(1), message(2)]);
    expect(seqs(100)).toEqual([1, 2]);
    expect(seqs(10_099)).toEqual([]);
    expect(seqs(10_100)).toEqual([1, 2]);
  });

  test("an extended lease ends later, a shortened one earlier", () => {
    const { subscription, take, seqs } = setUp({ ackDeadlineSeconds: 10 }, [message(1), message(2)]);
    const [first, second] = take(0);
    subscription.modifyAckDeadline(first?.ackId ?? "", 60_000, 5_000);
    subscription.modifyAckDeadline(second?.ackId ?? "", 1_000, 5_000);
    expect(subscription.nextDueMs()).toBe(6_000);
    expect(seqs(6_000)).toEqual([2]);
    expect(seqs(64_999)).toEqual([2]);
    expect(seqs(65_000)).toEqual([1]);
  });

  test("an acknowledged message never comes again; an ack after the lease's end has no effect", () => {
    const { subscription, take, seqs, settled } = setUp({ ackDeadlineSeconds: 10 }, [message(1), message(2)]);
    const [first, second] = take(0);
    subscription.acknowledge([first?.ackId ?? ""], 1);
    subscription.expire(10_000);
    subscription.acknowledge([second?.ackId ?? ""], 10_001);
    expect(settled).toEqual([1]);
    expect(seqs(20_000)).toEqual([2]);
    expect(subscription.size).toBe(1);
  });

  test("a consumer knows what it holds", () => {
    const { subscription, consumer, take } = setUp({}, [message(1), message(2)]);
    const [first, second] = take(0);
    expect(consumer.outstandingMessages).toBe(2);
    subscription.acknowledge([first?.ackId ?? ""], 1);
    subscription.modifyAckDeadline(second?.ackId ?? "", 0, 1);
    expect([consumer.outstandingMessages, consumer.outstandingBytes]).toEqual([0, 0]);
  });
});

describe("limits", () => {
  test("messages and bytes bound a take, but a first message always leaves", () => {
    const { seqs } = setUp({}, [
      message(1, { data: new Uint8Array(5000) }),
      message(2),
      message(3),
      message(4),
    ]);
    expect(seqs(0, undefined, { maxMessages: 10, maxBytes: 100 })).toEqual([1]);
    expect(seqs(0, undefined, { maxMessages: 2, maxBytes: 1e6 })).toEqual([2, 3]);
  });

  test("messages beyond the retention are gone", () => {
    const { subscription, seqs } = setUp({ messageRetentionDuration: seconds(600) }, [
      message(1),
      message(50_000),
    ]);
    expect(seqs(600_002)).toEqual([50_000]);
    expect(subscription.size).toBe(1);
  });

  test("a backlog of 100,000 is pulled to its end in order", () => {
    const { subscription, take } = setUp(
      {},
      Array.from({ length: 100_000 }, (_, i) => message(i + 1)),
    );
    const seqs: number[] = [];
    for (let taken = take(0); taken.length > 0; taken = take(0)) {
      seqs.push(...taken.map((delivery) => delivery.message.seq));
      subscription.acknowledge(
        taken.map((delivery) => delivery.ackId),
        0,
      );
    }
    expect(subscription.size).toBe(0);
    expect(seqs).toEqual(Array.from({ length: 100_000 }, (_, i) => i + 1));
  });
});

describe("failures", () => {
  test("with a retry policy a message stays away longer each time", () => {
    const retryPolicy = { minimumBackoff: seconds(1), maximumBackoff: seconds(3) };
    const { subscription, take, seqs } = setUp({ retryPolicy }, [message(1)]);
    const nack = (nowMs: number) => {
      for (const { ackId } of take(nowMs)) subscription.modifyAckDeadline(ackId, 0, nowMs);
    };
    nack(0);
    expect(seqs(999)).toEqual([]);
    expect(subscription.nextDueMs()).toBe(1_000);
    nack(1_000);
    expect(seqs(2_999)).toEqual([]);
    nack(3_000);
    expect(seqs(5_999)).toEqual([]);
    expect(seqs(6_000)).toEqual([1]);
  });

  test("a message that failed too often goes to the dead-letter topic and is settled", () => {
    const deadLetterPolicy = { deadLetterTopic: "projects/p/topics/dead", maxDeliveryAttempts: 5 };
    const { subscription, take, dead, settled } = setUp({ deadLetterPolicy }, [message(1)]);
    const attempts: number[] = [];
    for (let taken = take(0); taken.length > 0; taken = take(0)) {
      for (const delivery of taken) {
        attempts.push(delivery.attempts);
        subscription.modifyAckDeadline(delivery.ackId, 0, 0);
      }
    }
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    expect(dead).toEqual([{ seq: 1, attempts: 5 }]);
    expect(settled).toEqual([1]);
    expect(subscription.size).toBe(0);
  });
});

describe("seek", () => {
  test("what is before the time is acknowledged, what is after comes again, from the subscription's own and the topic's", () => {
    const { subscription, take, seqs, consumer } = setUp(
      { retainAckedMessages: true },
      [1, 2, 3, 4].map((n) => message(n)),
    );
    const taken = take(10);
    subscription.acknowledge(
      taken.slice(0, 3).map((delivery) => delivery.ackId),
      10,
    );
    subscription.seek(2, [message(5)], 20);
    expect(consumer.outstandingMessages).toBe(0);
    expect(seqs(20)).toEqual([2, 3, 4, 5]);
    subscription.seek(5, [], 30);
    expect(seqs(30)).toEqual([5]);
    subscription.seek(0, [], 40);
    expect(seqs(40)).toEqual([1, 2, 3, 4, 5]);
  });

  test("a lease of before a seek settles nothing after it", () => {
    const { subscription, take, seqs } = setUp({}, [message(1)]);
    const [before] = take(0);
    subscription.seek(0, [], 1);
    subscription.acknowledge([before?.ackId ?? ""], 2);
    expect(seqs(3)).toEqual([1]);
  });

  test("the filter holds for what the topic kept, too", () => {
    const { subscription, seqs } = setUp({ filter: "attributes:wanted" });
    subscription.seek(0, [message(1), message(2, { attributes: { wanted: "" } })], 0);
    expect(seqs(0)).toEqual([2]);
  });
});
