import { describe, expect, it } from "vitest";
import { checkLayouts, LayoutChangedError, layoutsOf } from "../../infra/layout-guard.ts";
import { features } from "../../pipeline/features/registry.ts";
import { wideUserPurchases } from "../support/views.ts";

const [purchases, items] = ["user_purchases", "item_activity"].map((name) => features.plan(name));
const before = layoutsOf(features.plans);
const wide = wideUserPurchases.plan;

describe("a job in place of another", () => {
  it("may have other views and versions, and no layouts that were ever known", () => {
    expect(() => checkLayouts(before, before)).not.toThrow();
    expect(() => checkLayouts(before, layoutsOf(items ? [items, wide] : []))).not.toThrow();
    expect(() => checkLayouts({}, before)).not.toThrow();
  });

  it("may not lay out a version otherwise than it was, and is told what differs", () => {
    const same = { ...wide, version: purchases?.version ?? 0 };
    const refused = () => checkLayouts(before, layoutsOf([same]));
    expect(refused).toThrow(LayoutChangedError);
    expect(refused).toThrow(/user_purchases v1: feature \w+ is new.*\nraise their versions/);
  });
});
