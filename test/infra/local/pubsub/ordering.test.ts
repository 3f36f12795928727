import fc from "fast-check";
import { expect, test } from "vitest";
import { Consumer } from "../../../../infra/local/pubsub/consumer.ts";
import type { Delivery } from "../../../../infra/local/pubsub/delivery.ts";
import type { ISubscription } from "../../../../infra/local/pubsub/protos.ts";
import { policyOf } from "../../../../infra/local/pubsub/subscription-policy.ts";
import { Subscription } from "../../../../infra/local/pubsub/subscription.ts";

const ALL = { maxMessages: 1000, maxBytes: 1e9 };

function setUp(keys: string, retryPolicy?: ISubscription["retryPolicy"]) {
  const settled: number[] = [];
  const subscription = new Subscription(
    policyOf({ enableMessageOrdering: true, ...(retryPolicy ? { retryPolicy } : {}) }),
    {
      settled: (seq) => settled.push(seq),
      deadLetter: () => false,
    },
  );
  Array.from(keys).forEach((key, i) => {
    const orderingKey = key === "-" ? "" : key;
    subscription.offer({ seq: i, publishTimeMs: 0, data: Buffer.from(key), attributes: {}, orderingKey }, 0);
  });
  return { subscription, settled };
}

const seqsOf = (deliveries: readonly Delivery[]) => deliveries.map((delivery) => delivery.message.seq);
const ackIdsOf = (deliveries: readonly Delivery[], ...seqs: number[]) =>
  deliveries.filter((delivery) => seqs.includes(delivery.message.seq)).map((delivery) => delivery.ackId);

test("a key's messages go to the consumer that holds its earlier ones, until those are settled", () => {
  const { subscription } = setUp("aab-");
  const [one, two] = [new Consumer(), new Consumer()];
  const first = subscription.take(one, { ...ALL, maxMessages: 1 }, 0);
  expect(seqsOf(first)).toEqual([0]);
  expect(seqsOf(subscription.take(two, ALL, 0))).toEqual([2, 3]);
  expect(seqsOf(subscription.take(one, ALL, 0))).toEqual([1]);
});

test("when its consumer closes, a key waits for what is in flight, then anyone may have it", () => {
  const { subscription } = setUp("aa");
  const [one, two] = [new Consumer(), new Consumer()];
  const first = subscription.take(one, { ...ALL, maxMessages: 1 }, 0);
  subscription.close(one, 0);
  expect(subscription.take(two, ALL, 0)).toEqual([]);
  subscription.acknowledge(ackIdsOf(first, 0), 0);
  expect(seqsOf(subscription.take(two, ALL, 0))).toEqual([1]);
});

test("when a message comes again, the later ones of its key follow, acknowledged or not", () => {
  const { subscription, settled } = setUp("aaab");
  const consumer = new Consumer();
  const taken = subscription.take(consumer, ALL, 0);
  subscription.acknowledge(ackIdsOf(taken, 0, 2, 3), 0);
  // 2 was acknowledged before 1: it isn't settled yet.
  expect(settled).toEqual([0, 3]);
  subscription.modifyAckDeadline(ackIdsOf(taken, 1)[0] ?? "", 0, 0);
  const again = subscription.take(consumer, ALL, 0);
  expect(seqsOf(again)).toEqual([1, 2]);
  subscription.acknowledge(ackIdsOf(again, 1, 2), 0);
  expect(settled).toEqual([0, 3, 1, 2]);
  expect(subscription.size).toBe(0);
});

test("under any acks, nacks, expiries and changing consumers, each key leaves and is settled in order and nothing is lost", () => {
  const step = fc.record({
    act: fc.constantFrom("take", "take", "ack", "ack", "nack", "wait", "replace"),
    who: fc.nat(2),
    which: fc.nat(5),
  });
  const keys = fc.array(fc.constantFrom("a", "b", "c", "-"), { maxLength: 25 });
  fc.assert(
    fc.property(keys, fc.array(step, { maxLength: 80 }), (published, script) => {
      const { subscription, settled } = setUp(published.join(""), { minimumBackoff: { seconds: 3 } });
      const newest = new Map<string, number>();
      const consumers = [new Consumer(), new Consumer(), new Consumer()];
      let ackIds: string[] = [];
      let now = 0;
      const take = (who: number): boolean => {
        const taken = subscription.take(consumers[who] as Consumer, { ...ALL, maxMessages: 3 }, now);
        for (const { message } of taken) {
          // A key may go back, never ahead: the message before one was always handed out just before, or longer ago.
          const before = published.lastIndexOf(message.orderingKey as "a", message.seq - 1);
          const skipped = message.seq > 0 && before > (newest.get(message.orderingKey) ?? -1);
          expect(skipped && message.orderingKey !== "").toBe(false);
          newest.set(message.orderingKey, message.seq);
        }
        ackIds = [...taken.map((delivery) => delivery.ackId), ...ackIds];
        return taken.length > 0;
      };
      const act: Record<string, (who: number, which: number) => void> = {
        take,
        ack: (_, which) => subscription.acknowledge(ackIds.slice(which, which + 1), now),
        nack: (_, which) => subscription.modifyAckDeadline(ackIds[which] ?? "", 0, now),
        wait: () => (now += 4_000),
        replace: (who) => {
          subscription.close(consumers[who] as Consumer, now);
          consumers[who] = new Consumer();
        },
      };
      for (const { act: name, who, which } of script) act[name]?.(who, which);
      // Whatever happened, waiting and acknowledging brings every message to its end.
      for (let rounds = 0; subscription.size > 0; rounds++) {
        expect(rounds).toBeLessThan(100);
        now += 10_000;
        while (take(0)) subscription.acknowledge(ackIds, now);
      }
      expect(settled.toSorted((a, b) => a - b)).toEqual(published.map((_, i) => i));
      for (const key of ["a", "b", "c"]) {
        const ofKey = settled.filter((seq) => published[seq] === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
      expect(consumers.every((consumer) => consumer.outstandingMessages === 0)).toBe(true);
    }),
    { seed: 7, numRuns: 500 },
  );
});
