import { describe, expect, it } from "vitest";
import { defineEntity, defineEvent, defineFeatureView, defineRegistry } from "../../pipeline/define/index.ts";
import { features } from "../../pipeline/features/registry.ts";
import { definitionError, sample, sampleOptions, sampleView } from "../support/define.ts";

/** A view whose one column is `{feature}_1h`. */
function view(change: object = {}, feature = "n") {
  return defineFeatureView({
    ...sampleView,
    features: (agg) => ({ [feature]: agg.count({ over: ["1h"] }) }),
    ...change,
  });
}

describe("a registry", () => {
  it("finds plans by name and version, the newest where none is named", () => {
    const [v1, v3, v2] = [view(), view({ version: 3 }), view({ version: 2 })];
    const registry = defineRegistry([v1, v3, v2]);
    expect(registry.plans).toEqual([v1.plan, v3.plan, v2.plan]);
    expect(registry.plan("v")).toBe(v3.plan);
    expect(registry.plan("v", 1)).toBe(v1.plan);
  });

  it("has each event once", () => {
    const registry = defineRegistry([view(), view({ name: "w" }, "m")]);
    expect(registry.events).toEqual([sample.plan]);
    expect(registry.event("sample")).toBe(sample.plan);
  });

  it("says what there is when asked for what there isn't", () => {
    const registry = defineRegistry([view()]);
    expect(definitionError(() => registry.plan("w")).message).toContain("there are v v1");
    expect(definitionError(() => registry.plan("v", 2))).toMatchObject({ code: "unknown_view" });
    expect(definitionError(() => registry.event("w")).message).toContain("there are sample");
    expect(definitionError(() => defineRegistry([]).plan("v")).message).toContain("there are none");
  });
});

describe("views that don't go together", () => {
  it.each([
    ["duplicate_view", "version", [view(), view()]],
    [
      "entity_conflict",
      "entity",
      [view(), view({ name: "w", entity: defineEntity({ name: "person", key: "id" }) })],
    ],
    ["event_conflict", "source", [view(), view({ name: "w", source: defineEvent(sampleOptions) })]],
    ["duplicate_column", "features", [view(), view({ name: "w" })]],
  ])("%s at %s", (code, field, views) => {
    expect(definitionError(() => defineRegistry(views))).toMatchObject({ code, field });
  });

  it("may have a column twice where the entities differ, or between versions", () => {
    const other = defineEntity({ name: "order", key: "id" });
    expect(() =>
      defineRegistry([view(), view({ version: 2 }), view({ name: "w", entity: other })]),
    ).not.toThrow();
  });
});

describe("the project's registry", () => {
  it("has the columns that training and serving are told of", () => {
    const columns = features.plans.map(({ name, keyField, columns }) => [
      name,
      keyField,
      columns.map((c) => c.name),
    ]);
    expect(columns).toEqual([
      [
        "user_purchases",
        "user_id",
        [
          ...["purchase_count_30m", "purchase_count_1h", "spend_30m", "spend_1h", "mean_amount_1h"],
          ...["max_amount_1h", "last_country_1h", "distinct_items_1h"],
        ],
      ],
      [
        "item_activity",
        "item_id",
        [
          ...[
            "view_count_10m",
            "view_count_1h",
            "purchase_count_10m",
            "purchase_count_1h",
            "refund_count_1h",
          ],
          ...["revenue_10m", "revenue_1h", "distinct_users_10m", "distinct_users_1h"],
        ],
      ],
    ]);
  });
});
