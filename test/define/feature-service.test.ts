import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  defineEntity,
  defineEvent,
  defineFeatureService,
  defineFeatureView,
  defineRegistry,
  defineServices,
  prefixed,
} from "../../pipeline/define/index.ts";
import { fraud } from "../../pipeline/features/fraud.ts";
import { services } from "../../pipeline/features/services.ts";
import { definitionError, sampleOptions, sampleView } from "../support/define.ts";

const view = defineFeatureView({
  ...sampleView,
  features: (agg) => ({ n: agg.count({ over: ["1h"] }), last: agg.last("what", { over: ["1h"] }) }),
});
const base = { name: "s", version: 1, views: [view] } as const;
/** A definition that its types would refuse. */
const define = (changes: object) => () => defineFeatureService({ ...base, ...changes });

describe("a feature service", () => {
  it("has the columns of its views in their order, then those on demand", () => {
    const other = defineFeatureView({
      ...sampleView,
      name: "w",
      source: defineEvent({ ...sampleOptions, nonEmpty: ["who", "id"] }),
      entity: defineEntity({ name: "order", key: "id" }),
      features: (agg) => ({ n: agg.count({ over: ["1h", "2h"] }) }),
    });
    const { plan } = defineFeatureService({
      ...base,
      views: [view, prefixed("order", other)],
      missing: { order_n_2h: "error" },
      features: { double: (f) => f.n_1h * 2 },
    });
    expect(plan.keyFields).toEqual(["who", "id"]);
    expect(plan.columns).toEqual([
      { name: "n_1h", view: 0, column: 0, missing: "default" },
      { name: "last_1h", view: 0, column: 1, missing: "default" },
      { name: "order_n_1h", view: 1, column: 0, missing: "default" },
      { name: "order_n_2h", view: 1, column: 1, missing: "error" },
    ]);
    expect(
      plan.onDemand.map(({ name, compute }) => [name, compute({ n_1h: 4 } as never, {} as never, 0)]),
    ).toEqual([["double", 8]]);
  });

  it("takes a request of its schema, and no field beside it", () => {
    const { request } = defineFeatureService({
      ...base,
      request: { amount: z.number(), note: z.string().default("") },
    });
    expect(request.parse({ amount: 1 })).toEqual({ amount: 1, note: "" });
    expect(request.safeParse({ amount: 1, more: 2 }).success).toBe(false);
    expect(defineFeatureService(base).request.parse({})).toEqual({});
  });

  it.each([
    ["bad_name", "name", { name: "Fraud" }],
    ["bad_version", "version", { version: 0 }],
    ["no_views", "views", { views: [] }],
    ["duplicate_column", "views", { views: [view, view] }],
    ["duplicate_column", "features.n_1h", { features: { n_1h: () => 1 } }],
    ["duplicate_column", "features.who", { features: { who: () => 1 } }],
    ["bad_name", "features.sum-up", { features: { "sum-up": () => 1 } }],
    ["unknown_feature", "missing.n_2h", { missing: { n_2h: "null" } }],
    ["bad_policy", "missing.n_1h", { missing: { n_1h: "zero" } }],
    ["bad_name", "request.Amount", { request: { Amount: z.number() } }],
    ["bad_request_schema", "request.at", { request: { at: z.date() } }],
    ["bad_request_schema", "request.n", { request: { n: z.string().transform(Number) } }],
  ])("is refused for %s at %s", (code, field, changes) => {
    const error = definitionError(define(changes));
    expect(error).toMatchObject({ code, field });
    expect(error.message).toContain("feature service");
  });

  it("is refused for a prefix that no column can have", () => {
    expect(definitionError(() => prefixed("Item", view))).toMatchObject({
      code: "bad_name",
      field: "prefix",
    });
  });
});

describe("the services of a deployment", () => {
  const registry = defineRegistry([view]);
  const [v1, v2] = [defineFeatureService(base), defineFeatureService({ ...base, version: 2 })];

  it("are found by name and version, the newest where none is named", () => {
    const found = defineServices(registry, [v1, v2]);
    expect(found.find("s")).toBe(v2);
    expect(found.find("s", 1)).toBe(v1);
    expect(found.find("s", 3)).toBeUndefined();
    expect(found.find("t")).toBeUndefined();
  });

  it("have a version of a name once", () => {
    const error = definitionError(() => defineServices(registry, [v1, v1]));
    expect(error).toMatchObject({ code: "duplicate_service", field: "version" });
  });

  it("serve only what is stored", () => {
    const error = definitionError(() => defineServices(defineRegistry([]), [v1]));
    expect(error).toMatchObject({ code: "unregistered_view", field: "views" });
    expect(error.message).toContain("v v1");
  });

  it("of this project are what a model is trained on", () => {
    expect(services.find("fraud")).toBe(fraud);
    const vectors = services.all.map(({ name, plan }) => [
      name,
      plan.keyFields,
      plan.columns.length,
      plan.onDemand.map((feature) => feature.name),
    ]);
    expect(vectors).toEqual([
      ["fraud", ["user_id"], 8, ["amount_to_mean", "above_max", "country_changed", "hour_utc"]],
      ["ranking", ["user_id", "item_id"], 17, ["item_conversion_1h", "item_trend"]],
    ]);
  });
});
