import { describe, expect, it } from "vitest";
import { layoutChanges, layoutOf, type ViewLayout } from "../../pipeline/core/view-layout.ts";
import { countPlan, testPlan } from "../support/plans.ts";

const layout = layoutOf(testPlan());
const change = (changes: Partial<ViewLayout>) => layoutChanges(layout, { ...layout, ...changes });

describe("a view's layout", () => {
  it("is JSON that comes back as it was, in the features' order", () => {
    expect(JSON.parse(JSON.stringify(layout))).toEqual(layout);
    expect(layout.features.map(({ name }) => name)).toEqual(testPlan().features.map(({ name }) => name));
    expect(layout.features.at(-1)).toEqual({
      name: "countries",
      aggregation: "distinct:16",
      sizesMs: [20, 60],
    });
  });

  it("stays where only timing, filters and policies change", () => {
    const other = layoutOf(testPlan({ allowedLatenessMs: 1, latePolicy: "drop", accepts: () => true }));
    expect(layoutChanges(layout, other)).toEqual([]);
  });

  it("changes with what state is made of, by name", () => {
    expect(change({ slideMs: 20, shards: 2 })).toEqual(["slide 10ms is now 20ms", "1 shards are now 2"]);
    const [first, ...rest] = layout.features;
    expect(change({ features: rest })).toEqual(["feature n is gone"]);
    expect(layoutChanges({ ...layout, features: rest }, layout)).toEqual(["feature n is new"]);
    if (first === undefined) throw new Error("no feature");
    expect(change({ features: [{ ...first, sizesMs: [20] }, ...rest] })).toEqual([
      "feature n was count over 20ms, 60ms, is now count over 20ms",
    ]);
    expect(change({ features: [{ ...first, aggregation: "sum" }, ...rest] })).toHaveLength(1);
  });

  it("changes with the features' order, which partials are written in", () => {
    expect(change({ features: layout.features.toReversed() })).toEqual([
      expect.stringContaining("the features' order was n, ") as string,
    ]);
  });

  it("of another plan names every difference", () => {
    const changes = layoutChanges(layout, layoutOf(countPlan()));
    expect(changes).toHaveLength(layout.features.length - 1);
  });
});
