import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count } from "../../pipeline/core/aggregations/index.ts";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import { shardOf } from "../../pipeline/core/hash.ts";
import { decodeSliceBatch, encodeSliceBatch, type SliceBatch } from "../../pipeline/core/slice-batch.ts";
import { SliceGrouper } from "../../pipeline/core/slice-grouper.ts";
import { arbitraryEvents } from "../support/histories.ts";
import { countPlan, testEvent, testPlan } from "../support/plans.ts";

describe("a bundle's events", () => {
  const plan = testPlan({ shards: 7 });

  test("are grouped by slice, shard and key, in the order in which they were read", () => {
    expect(shardOf("u", 7)).toBe(shardOf("v", 7));
    const grouper = new SliceGrouper(countPlan({ shards: 7 }));
    for (const [key, timeMs] of [
      ["u", 5],
      ["v", 9],
      ["w", 3],
      ["u", 12],
      ["u", 0],
      ["u", -1],
    ] as const) {
      grouper.add(key, testEvent(timeMs));
    }
    expect(grouper.size).toBe(6);
    const times = ({ key, events }: SliceBatch) => [key, events.map(({ eventTimeMs }) => eventTimeMs)];
    expect(
      grouper.drain().map(({ shard, sliceMs, batches }) => [shard, sliceMs, batches.map(times)]),
    ).toEqual([
      [
        shardOf("u", 7),
        0,
        [
          ["u", [5, 0]],
          ["v", [9]],
        ],
      ],
      [shardOf("w", 7), 0, [["w", [3]]]],
      [shardOf("u", 7), 10, [["u", [12]]]],
      [shardOf("u", 7), -10, [["u", [-1]]]],
    ]);
    expect(grouper.size).toBe(0);
    expect(grouper.drain()).toEqual([]);
  });

  test("come out of the shuffle's bytes as they went in", () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const grouper = new SliceGrouper(plan);
        for (const event of events) grouper.add(plan.key(event.value as never), event);
        const batches = grouper.drain().flatMap(({ batches: ofShard }) => ofShard);
        const to = new Writer();
        for (const batch of batches) encodeSliceBatch(plan, batch, to);
        const from = new Reader(to.take());
        expect(batches.map(() => decodeSliceBatch(plan, from))).toEqual(batches);
        expect(from.done).toBe(true);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test("keep apart the input that is null and the one that is not there, in any number of features", () => {
    const wide = testPlan({
      features: Array.from({ length: 19 }, (_, i) => ({
        name: `f${i}`,
        aggregation: count,
        sizesMs: [20],
        input: () => (i % 3 === 0 ? undefined : null),
      })),
    });
    const grouper = new SliceGrouper(wide);
    grouper.add("u", testEvent(0));
    const [batch = expect.fail()] = grouper.drain().flatMap(({ batches }) => batches);
    const to = new Writer();
    encodeSliceBatch(wide, batch, to);
    expect(decodeSliceBatch(wide, new Reader(to.take())).events[0]?.inputs).toEqual(batch.events[0]?.inputs);
  });
});
