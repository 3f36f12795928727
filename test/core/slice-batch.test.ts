import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count } from "../../pipeline/core/aggregations/index.ts";
import { shardOf } from "../../pipeline/core/hash.ts";
import { readSliceBatches, type SliceBatch } from "../../pipeline/core/slice-batch.ts";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import { SliceGrouper, toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { sliceOf } from "../../pipeline/core/slices.ts";
import { arbitraryEvents } from "../support/histories.ts";
import { countPlan, testEvent, testPlan } from "../support/plans.ts";

describe("a bundle's events", () => {
  const plan = testPlan({ shards: 7 });

  test("are grouped by slice, shard and key, in the order in which they were read", () => {
    expect(shardOf("u", 7)).toBe(shardOf("v", 7));
    const sevenShards = countPlan({ shards: 7 });
    const grouper = new SliceGrouper(sevenShards);
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
      grouper
        .drain()
        .map(({ shard, sliceMs, bytes }) => [
          shard,
          sliceMs,
          readSliceBatches(sevenShards, bytes).map(times),
        ]),
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
        const keyOf = (event: DecodedEvent) => plan.key(event.value as never);
        for (const event of events) grouper.add(keyOf(event), event);
        const batches = grouper.drain().flatMap(({ bytes }) => readSliceBatches(plan, bytes));
        expect(batches.reduce((sum, batch) => sum + batch.events.length, 0)).toBe(events.length);
        for (const batch of batches) {
          const of = (event: DecodedEvent) =>
            keyOf(event) === batch.key && sliceOf(event.eventTimeMs, plan.slideMs) === batch.sliceMs;
          expect(batch.events).toEqual(events.filter(of).map((event) => toSliceEvent(plan, event)));
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test("are refused when their bytes end too soon", () => {
    const grouper = new SliceGrouper(plan);
    grouper.add("u", testEvent(0));
    const [{ bytes } = expect.fail()] = grouper.drain();
    expect(() => readSliceBatches(plan, bytes.subarray(0, -1))).toThrow(RangeError);
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
    const [{ bytes } = expect.fail()] = grouper.drain();
    expect(readSliceBatches(wide, bytes)).toEqual([
      { key: "u", sliceMs: 0, events: [toSliceEvent(wide, testEvent(0))] },
    ]);
  });
});
