import { describe, expect, it } from "vitest";
import { quantile, windowedBuckets } from "../../pipeline/commands/quantiles.ts";

const totals = (...buckets: [number, number][]) => [
  { transform: "t", name: "freshness_ms", count: 0, sum: 0, min: 0, max: 0, buckets },
];

describe("quantile", () => {
  it("is the value below which a share of all lies", () => {
    const buckets = new Map([
      [900, 1],
      [100, 98],
      [500, 1],
    ]);
    expect(quantile(buckets, 0.5)).toBe(100);
    expect(quantile(buckets, 0.99)).toBe(500);
    expect(quantile(buckets, 1)).toBe(900);
  });

  it("is null where there is nothing", () => {
    expect(quantile(new Map(), 0.5)).toBeNull();
  });
});

describe("windowedBuckets", () => {
  it("gives what was added in the window", () => {
    const window = windowedBuckets(10);
    window(0, totals([100, 5]));
    expect([...window(10, totals([100, 7]))]).toEqual([[100, 2]]);
    expect([...window(20, totals([100, 7], [200, 3]))]).toEqual([
      [100, 0],
      [200, 3],
    ]);
  });
});
