import { describe, expect, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import { bigtableLayout, controlRowKeyOf, tableIdOf } from "../../pipeline/stores/bigtable-layout.ts";
import { rowKeyOf } from "../../pipeline/core/cell.ts";
import { StoreConfigError } from "../../pipeline/stores/errors.ts";
import { countPlan } from "../support/plans.ts";

const at = { project: "p", dataset: "d" };

describe("bigtableLayout", () => {
  it("has a table an entity, and a family for each view version beside the control family", () => {
    const plans = [countPlan(), countPlan({ version: 2 }), countPlan({ name: "sales", entity: "item" })];
    expect(
      bigtableLayout(plans, 3).map(({ id, families }) => [id, families.map((family) => family.id)]),
    ).toEqual([
      ["features_user", ["control", "purchases.v1.g3", "purchases.v2.g3"]],
      ["features_item", ["control", "sales.v1.g3"]],
    ]);
  });

  it("keeps cells for the longest size, the allowed lateness and a day, and 64 of a window column at most", () => {
    const plan = countPlan({ longestMs: 3_600_000, allowedLatenessMs: 300_500 });
    const [table] = bigtableLayout([plan], 0);
    expect(table?.families.map(({ gc }) => gc)).toEqual([
      { maxAgeS: undefined, maxVersions: 1 },
      { maxAgeS: 3_600 + 301 + 86_400, maxVersions: 64 },
    ]);
  });

  it("keeps control rows apart from those of any key", () => {
    const plan = countPlan();
    expect(tableIdOf(plan)).toBe("features_user");
    expect(controlRowKeyOf(plan, 0)).toBe("~purchases.v1.g0");
    expect(rowKeyOf("~purchases.v1.g0")).toMatch(/^[0-9a-f]{4}#~purchases/);
  });

  it("fits Bigtable's limit of 64 characters for family names of this project's views", () => {
    const families = bigtableLayout(features.plans, 999_999).flatMap((table) => table.families);
    expect(families.length).toBeGreaterThan(2);
    for (const { id } of families) expect(id).toMatch(/^[-_.a-zA-Z0-9]{1,64}$/);
  });
});

describe("bigqueryLayout", () => {
  it("has a table a view version, one view a name over the newest, and the raw archive of each source", () => {
    const layout = bigqueryLayout([countPlan(), countPlan({ version: 2 })], at, 7);
    expect(layout.tables.map(({ id }) => id)).toEqual([
      "purchases_v1",
      "purchases_v2",
      "late_events",
      "dead_letters",
      "dead_letter_redrives",
      "complete_through",
      "served_vectors",
      "raw_purchase",
    ]);
    expect(layout.views.map(({ id, query }) => [id, query])).toEqual([
      [
        "purchases",
        "SELECT * FROM `p.d.purchases_v2`\nWHERE generation = 7\n" +
          "QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id, window_end ORDER BY seq DESC, available_at DESC) = 1",
      ],
    ]);
  });

  it("lays a feature table out by key, window, columns, then what a pane says of itself", () => {
    const [table] = bigqueryLayout([countPlan()], at, 0).tables;
    expect(table?.fields.map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
      "user_id STRING REQUIRED",
      "window_end TIMESTAMP REQUIRED",
      "n_20 FLOAT64 NULLABLE",
      "n_60 FLOAT64 NULLABLE",
      "seq INT64 REQUIRED",
      "timing STRING REQUIRED",
      "max_event_time TIMESTAMP REQUIRED",
      "max_publish_time TIMESTAMP REQUIRED",
      "empty_from TIMESTAMP REQUIRED",
      "available_at TIMESTAMP REQUIRED",
      "generation INT64 REQUIRED",
      "origin STRING REQUIRED",
    ]);
    expect(table).toMatchObject({ partitionField: "window_end", clusterFields: ["user_id"] });
  });

  it("partitions and clusters every table by columns that it has", () => {
    for (const { id, fields, partitionField, clusterFields } of bigqueryLayout(features.plans, at, 0)
      .tables) {
      const types = new Map(fields.map(({ name, type }) => [name, type]));
      expect(types.get(partitionField), id).toBe("TIMESTAMP");
      for (const name of clusterFields) expect(types.get(name), id).toBe("STRING");
    }
  });

  it("refuses two things of one name", () => {
    expect(() => bigqueryLayout([countPlan({ name: "late_events" })], at, 0)).toThrow(StoreConfigError);
    expect(() => bigqueryLayout([countPlan({ keyField: "seq" })], at, 0)).toThrow('two things named "seq"');
  });
});
