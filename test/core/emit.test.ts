import { describe, expect, test } from "vitest";
import { emit, toRow } from "../../pipeline/core/emit.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { addEvent, emptyPartial } from "../../pipeline/core/slice-partial.ts";
import { countPlan, testEvent } from "../support/plans.ts";

const plan = countPlan(); // s = 10; columns: events of the last 20 ms, of the last 60 ms

/** Slices with the given numbers of events, by start. */
function slices(sizes: Readonly<Record<number, number>>) {
  return Object.entries(sizes)
    .map(([start, size]) => {
      const part = emptyPartial(plan, Number(start));
      for (let i = 0; i < size; i++) {
        const event = testEvent(Number(start) + i, {
          eventId: `${start}/${i}`,
          publishTimeMs: Number(start) + 100 - i,
        });
        addEvent(plan, part, toSliceEvent(plan, event));
      }
      return part;
    })
    .sort((a, b) => a.sliceMs - b.sliceMs);
}

describe("a window's row", () => {
  //  0     10    20    30    40    50    60    70    80
  //  [ 2   )     [ 3   )                 [ 4   )
  //  |-------------- E = 60 --------------|                2 + 3
  //              |-------------- E = 80 --------------|    3 + 4
  const some = slices({ 0: 2, 20: 3, 60: 4 });

  test("holds what lies in it, by size, and how long that stays true", () => {
    expect(emit(plan, some, 60)).toEqual({
      windowEndMs: 60,
      values: [0, 5],
      seq: 5,
      maxEventTimeMs: 22,
      maxPublishTimeMs: 120,
      emptyFromMs: 90,
    });
    expect(emit(plan, some, 80)).toMatchObject({ values: [4, 7], seq: 7, emptyFromMs: 130 });
  });

  test("begins with its oldest slice and ends before its end", () => {
    expect(emit(plan, some, 10)).toMatchObject({ values: [2, 2], emptyFromMs: 70 });
    expect(emit(plan, some, 30)).toMatchObject({ values: [3, 5] });
    expect(emit(plan, some, 120)).toMatchObject({ values: [0, 4] });
  });

  test("is not there where no event is: before the first, and from empty_from on", () => {
    expect(emit(plan, some, 0)).toBeUndefined();
    expect(emit(plan, some, 130)).toBeUndefined();
    expect(emit(plan, slices({ 0: 1, 70: 1 }), 70)).toBeUndefined();
    expect(emit(plan, [], 10)).toBeUndefined();
  });

  test("leaves the slices as they were", () => {
    const before = structuredClone(some);
    emit(plan, some, 80);
    emit(plan, some, 80);
    expect(some).toEqual(before);
  });

  test("gets its names last", () => {
    const content = emit(plan, slices({ 0: 1 }), 10);
    if (content === undefined) return expect.fail();
    expect(toRow(plan, "u", content, "EARLY")).toEqual({
      view: "purchases",
      version: 1,
      key: "u",
      timing: "EARLY",
      ...content,
    });
  });
});
