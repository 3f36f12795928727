import { describe, expect, it } from "vitest";
import { metricTotals } from "../../../../infra/local/job/metric-totals.ts";

const counters = (...all: [transform: string, name: string, total: number][]) => ({
  counters: all.map(([transform, name, total]) => ({ transform, name, total })),
  distributions: [],
});

describe("metricTotals", () => {
  it("adds transforms, and the lives of a process that starts from zero each time", () => {
    const totals = metricTotals();
    totals.update(counters(["a", "x.applied", 3], ["b", "x.applied", 4]));
    expect(totals.counter("x.applied")).toBe(7);
    totals.restart();
    expect(totals.counter("x.applied")).toBe(7);
    totals.update(counters(["a", "x.applied", 2]));
    expect(totals.counter("x.applied")).toBe(9);
    expect(totals.counter("unknown")).toBe(0);
  });
});
