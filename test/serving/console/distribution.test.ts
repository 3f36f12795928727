import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distributionOf } from "../../../pipeline/serving/console/distribution.ts";

const value = fc.option(fc.oneof(fc.double({ noNaN: true }), fc.integer()), { nil: null });

describe("distributionOf", () => {
  it("counts each finite number in one bar", () => {
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const { numbers, nulls } = distributionOf("c", values, null);
        const finite = values.filter((v): v is number => v !== null && Number.isFinite(v));
        expect((numbers?.bars ?? []).reduce((sum, n) => sum + n, 0)).toBe(finite.length);
        expect(nulls).toBe(values.filter((v) => v === null).length);
        if (numbers === null) return;
        expect(numbers.min <= numbers.p50 && numbers.p50 <= numbers.p95 && numbers.p95 <= numbers.max).toBe(
          true,
        );
      }),
      { seed: 3 },
    );
  });

  it("has one bar where all numbers are one", () => {
    expect(distributionOf("c", [4, 4, null], 0)).toEqual({
      column: "c",
      nulls: 1,
      defaults: 0,
      numbers: { min: 4, p50: 4, p95: 4, max: 4, bars: [2] },
      top: [],
    });
  });

  it("names the most frequent texts, ties in their order", () => {
    const { top, numbers, defaults } = distributionOf("c", ["b", "a", null, "c", "c"], null);
    expect(numbers).toBeNull();
    expect(defaults).toBe(1);
    expect(top).toEqual([
      { value: "c", count: 2 },
      { value: "a", count: 1 },
      { value: "b", count: 1 },
    ]);
  });
});
