import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { SliceMap } from "../../pipeline/core/slice-map.ts";
import { addEvent, emptyPartial } from "../../pipeline/core/slice-partial.ts";
import { sliceOf } from "../../pipeline/core/slices.ts";
import { arbitraryEvents } from "../support/histories.ts";
import { testEvent, testPlan } from "../support/plans.ts";

const plan = testPlan(); // every aggregation; s = 10

function mapOf(...events: DecodedEvent[]): SliceMap {
  const map = new SliceMap(plan);
  for (const event of events) {
    const partial = emptyPartial(plan, sliceOf(event.eventTimeMs, plan.slideMs));
    addEvent(plan, partial, toSliceEvent(plan, event));
    map.merge(SliceMap.of(plan, partial));
  }
  return map;
}

function bytesOf(map: SliceMap): string {
  const to = new Writer();
  map.encode(to);
  return to.take().toString("hex");
}

/** Merges neighbours, or what draws take for such, until one map is left; each step reads the maps' bytes, or not. */
function mergeTree(maps: SliceMap[], draw: () => number): SliceMap {
  while (maps.length > 1) {
    const [into] = maps.splice(draw() % maps.length, 1);
    const [other] = maps.splice(draw() % maps.length, 1);
    if (!into || !other) throw new Error("nothing left to merge");
    into.merge(
      draw() % 2 === 0 ? SliceMap.decode(plan, new Reader(Buffer.from(bytesOf(other), "hex"))) : other,
    );
    maps.push(into);
  }
  return maps[0] ?? new SliceMap(plan);
}

describe("the accumulator of a window", () => {
  test("is the same, to the byte, by any tree of merges", () => {
    fc.assert(
      fc.property(arbitraryEvents, fc.infiniteStream(fc.nat()), (drawn, draws) => {
        const events = [...new Map(drawn.map((event) => [event.eventId, event])).values()];
        const merged = mergeTree(
          events.map((event) => mapOf(event)),
          () => draws.next().value as number,
        );
        expect(bytesOf(merged)).toBe(bytesOf(mapOf(...events)));
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  //  −10       0         10        20
  //   [  c     |  a   b  |         )
  test("keeps slices apart, ascending, and what it merged as it was", () => {
    const other = mapOf(testEvent(3, { eventId: "a" }), testEvent(-5, { eventId: "c" }));
    const before = bytesOf(other);
    const map = mapOf();
    map.merge(other);
    map.merge(mapOf(testEvent(7, { eventId: "b" })));
    expect(map.slices.map(({ sliceMs, eventIds }) => [sliceMs, eventIds])).toEqual([
      [-10, ["c"]],
      [0, ["a", "b"]],
    ]);
    expect(bytesOf(other)).toBe(before);
  });

  test("reads what it wrote, and no less", () => {
    const bytes = Buffer.from(bytesOf(mapOf(testEvent(3), testEvent(14))), "hex");
    expect(bytesOf(SliceMap.decode(plan, new Reader(bytes)))).toBe(bytes.toString("hex"));
    expect(() => SliceMap.decode(plan, new Reader(bytes.subarray(0, -1)))).toThrow(RangeError);
  });
});
