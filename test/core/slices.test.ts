import { describe, expect, test } from "vitest";
import { endAtOrAfter, hasSlice, lowerBound, sliceOf } from "../../pipeline/core/slices.ts";

describe("slices", () => {
  //  -10        0         10        20
  //   [ slice  )[ slice  )[ slice  )
  //            ^-1        ^10
  test.each([
    [0, 0],
    [9, 0],
    [10, 10],
    [-1, -10],
    [-10, -10],
    [-11, -20],
    [1_700_000_000_123, 1_700_000_000_120],
  ])("%d lies in the slice that starts at %d", (timeMs, startMs) => {
    expect(sliceOf(timeMs, 10)).toBe(startMs);
  });

  test.each([
    [0, 0],
    [1, 10],
    [10, 10],
    [-9, 0],
    [-10, -10],
  ])("the least end at or after %d is %d", (timeMs, endMs) => {
    expect(endAtOrAfter(timeMs, 10)).toBe(endMs);
  });

  test("are found among others", () => {
    const slices = [{ sliceMs: -10 }, { sliceMs: 0 }, { sliceMs: 30 }];
    expect([-11, -10, -9, 0, 1, 30, 31].map((ms) => lowerBound(slices, ms))).toEqual([0, 0, 1, 1, 2, 2, 3]);
    expect([-10, -5, 0, 10, 30, 40].map((ms) => hasSlice(slices, ms))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(hasSlice([], 0)).toBe(false);
  });
});
