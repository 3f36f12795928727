import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distinct, type DistinctAccumulator } from "../../../pipeline/core/aggregations/index.ts";
import { Writer } from "../../../pipeline/core/bytes.ts";
import type { FeatureValue } from "../../../pipeline/core/model.ts";

const anyOrder = { eventTimeMs: 0, eventId: "" };

function countOf(limit: number, values: Iterable<FeatureValue>): DistinctAccumulator {
  const aggregation = distinct(limit);
  let acc = aggregation.zero();
  for (const value of values) acc = aggregation.add(acc, value, anyOrder);
  return acc;
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `item-${i}`);

describe("distinct", () => {
  test("is exact up to its limit, and about right beyond", () => {
    const aggregation = distinct(1000);
    expect(aggregation.output(countOf(1000, [...names(1000), ...names(1000)]))).toBe(1000);
    for (const n of [1001, 5_000, 100_000]) {
      // The standard error is 3.2 %.
      const estimate = aggregation.output(countOf(1000, names(n))) as number;
      expect(Math.abs(estimate / n - 1)).toBeLessThan(0.1);
    }
  });

  test("tells a number from the text that looks like it", () => {
    expect(distinct().output(countOf(1000, [1, "1", true, "true", null, "null", 0, -0]))).toBe(7);
  });

  test("has the same bytes for any merge tree, on both sides of its limit", () => {
    const aggregation = distinct(16);
    const part = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 40 }).map(String)), { maxLength: 30 });
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const bytes = (acc: DistinctAccumulator) => {
          const to = new Writer();
          aggregation.encode(acc, to);
          return to.take();
        };
        const of = (values: FeatureValue[]) => countOf(16, values);
        const all = bytes(of([...a, ...b, ...c]));
        expect(bytes(aggregation.merge(aggregation.merge(of(a), of(b)), of(c)))).toEqual(all);
        expect(bytes(aggregation.merge(of(c), aggregation.merge(of(b), of(a))))).toEqual(all);
        const kept = of(b);
        const before = bytes(kept);
        aggregation.add(aggregation.merge(aggregation.zero(), kept), "new", anyOrder);
        aggregation.merge(aggregation.merge(aggregation.zero(), kept), of(a));
        expect(bytes(kept)).toEqual(before);
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  test.each([0, 15, 16.5, 65_537, NaN])("refuses the limit %d", (limit) => {
    expect(() => distinct(limit)).toThrow(
      expect.objectContaining({ code: "distinct_limit", fields: { limit } }),
    );
  });
});
