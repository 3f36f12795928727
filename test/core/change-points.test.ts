import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  earlyEnds,
  isChangePoint,
  nextChangePoint,
  passedChangePoints,
} from "../../pipeline/core/change-points.ts";
import { countPlan } from "../support/plans.ts";

const plan = countPlan(); // s = 10; sizes 20 and 60
const slices = (...starts: number[]) => starts.map((sliceMs) => ({ sliceMs }));
const ends = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + i * 10);

describe("windows change", () => {
  //    0    10    20    30    40    50    60    70    80
  //    [ x )|
  //         * entered
  //                     * left the last 20 ms
  //                                             * left the last 60 ms
  test("where a lone event enters and where it leaves each size", () => {
    expect(ends(-20, 120).filter((end) => isChangePoint(plan, slices(0), end))).toEqual([10, 30, 70]);
  });

  test("and the next change is found without trying every end", () => {
    const arbitrarySlices = fc.uniqueArray(fc.integer({ min: -9, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(arbitrarySlices, fc.integer({ min: -20, max: 20 }), (starts, after) => {
        const some = slices(...starts.map((n) => n * 10).sort((a, b) => a - b));
        const next = ends(after * 10 + 10, 300).find((end) => isChangePoint(plan, some, end));
        expect(nextChangePoint(plan, some, after * 10)).toBe(next);
        expect(nextChangePoint(plan, some, -Infinity)).toBe((some[0] as { sliceMs: number }).sliceMs + 10);
      }),
      { seed: 5, numRuns: 300 },
    );
    expect(nextChangePoint(plan, [], 0)).toBeUndefined();
  });
});

describe("an event of slice 0 that comes when ends have fired", () => {
  //    -20   -10    0    10    20    30    40    50    60    70
  //    [ x )        [new)
  //                       *           * left the last 20 ms     * left the last 60 ms
  //                                         * slice −20 leaves the last 60 ms
  test("makes wrong every passed end that is a change point now", () => {
    const now = slices(-20, 0);
    expect(passedChangePoints(plan, now, 0, 200)).toEqual([10, 30, 50, 70]);
    expect(passedChangePoints(plan, now, 0, 30)).toEqual([10, 30]);
    expect(passedChangePoints(plan, now, 0, 9)).toEqual([]);
    expect(passedChangePoints(plan, now, 0, -Infinity)).toEqual([]);
  });

  test("but none after it has left the longest window", () => {
    expect(passedChangePoints(plan, slices(0, 70, 80), 0, 200)).toEqual([10, 30, 70]);
  });
});

describe("early rows", () => {
  //    0    10    20    30    40
  //    [ x )     [ y )
  //         |         |              ends of windows with a newest slice
  test("leave for the touched slice's own window, and for later ones only where their newest slice has events", () => {
    expect(earlyEnds(plan, slices(0, 20), [0], -Infinity)).toEqual([10, 30]);
    expect(earlyEnds(plan, slices(0, 20), [20], -Infinity)).toEqual([30]);
  });

  test("leave for no end that has fired", () => {
    expect(earlyEnds(plan, slices(0, 20), [0], 10)).toEqual([30]);
    expect(earlyEnds(plan, slices(0, 20), [0], 30)).toEqual([]);
  });

  test("leave for no window that the touched slice is not in", () => {
    expect(earlyEnds(plan, slices(0, 50, 60), [0], -Infinity)).toEqual([10, 60]);
    expect(earlyEnds(plan, slices(0, 50, 60, 100), [0, 100], -Infinity)).toEqual([10, 60, 110]);
  });
});
