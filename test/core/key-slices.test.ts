import { describe, expect, test } from "vitest";
import { KeySlices } from "../../pipeline/core/key-slices.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { addEvent, emptyPartial } from "../../pipeline/core/slice-partial.ts";
import { countPlan, testEvent } from "../support/plans.ts";

const plan = countPlan(); // s = 10, L = 60; a slice is collected 140 after its start

function partial(sliceMs: number, ...ids: string[]) {
  const part = emptyPartial(plan, sliceMs);
  for (const eventId of ids) addEvent(plan, part, toSliceEvent(plan, testEvent(sliceMs, { eventId })));
  return part;
}

function keyWith(...parts: ReturnType<typeof partial>[]): KeySlices {
  const key = new KeySlices("u");
  for (const part of parts) key.merge(plan, part);
  return key;
}

describe("the slices of a key", () => {
  test("ascend, however they come, and add up what comes for one of them", () => {
    const key = keyWith(partial(20, "a"), partial(0, "b"), partial(10, "c"), partial(0, "d"));
    expect(key.slices.map(({ sliceMs, eventIds }) => [sliceMs, eventIds])).toEqual([
      [0, ["b", "d"]],
      [10, ["c"]],
      [20, ["a"]],
    ]);
  });

  //  0                        60                      120
  //  [ a )                   [ a ) another event      [ a )
  test("know a copy by its id, less than L away on either side", () => {
    const key = keyWith(partial(0, "a"));
    expect([-60, -50, 0, 50, 60].map((sliceMs) => key.isDuplicate(plan, "a", sliceMs))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(key.isDuplicate(plan, "b", 0)).toBe(false);
  });

  test.each([
    ["the older one first", [0, 100]],
    ["the newer one first", [100, 0]],
  ])("know copies of two events with one id, %s", (_, [one, other]) => {
    const key = keyWith(partial(one as number, "a"), partial(other as number, "a"));
    expect([-60, -50, 50, 60, 150, 160].map((sliceMs) => key.isDuplicate(plan, "a", sliceMs))).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    key.collect(plan, 140);
    expect([0, 40, 50].map((sliceMs) => key.isDuplicate(plan, "a", sliceMs))).toEqual([false, false, true]);
  });

  test("are forgotten with their ids and news once nothing needs them", () => {
    const key = keyWith(partial(0, "a"), partial(10, "b"));
    key.touch(0);
    key.touch(10);
    key.touch(0);
    expect(key.touched).toEqual([0, 10]);
    key.collect(plan, 130);
    expect(key.slices).toHaveLength(2);
    key.collect(plan, 140);
    expect(key.slices.map(({ sliceMs }) => sliceMs)).toEqual([10]);
    expect(key.touched).toEqual([10]);
    expect([key.isDuplicate(plan, "a", 0), key.isDuplicate(plan, "b", 10)]).toEqual([false, true]);
    key.collect(plan, 150);
    expect(key.slices).toEqual([]);
    expect(key.isDuplicate(plan, "b", 10)).toBe(false);
  });
});
