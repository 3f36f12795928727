import { describe, expect, it } from "vitest";
import type { Duration } from "../../pipeline/core/duration.ts";
import {
  defineEntity,
  defineEvent,
  defineFeatureView,
  type Aggregators,
} from "../../pipeline/define/index.ts";
import {
  definitionError,
  sample,
  sampleAvro,
  sampleOptions,
  sampleView,
  type Sample,
} from "../support/define.ts";

const counts = (agg: Aggregators<Sample>) => ({ n: agg.count({ over: ["1h"] }) });

const event: Sample = {
  id: "1",
  who: "ann",
  what: "a",
  paid: true,
  amount: 2.5,
  ratio: 0.5,
  pieces: 3,
  big: 4,
  at: 5,
};

describe("a feature view's plan", () => {
  it("holds durations in ms, with defaults", () => {
    const { plan } = defineFeatureView({ ...sampleView, features: counts });
    expect(plan).toMatchObject({
      name: "v",
      version: 1,
      source: "sample",
      entity: "person",
      keyField: "who",
      slideMs: 60_000,
      longestMs: 3_600_000,
      sizesMs: [3_600_000],
      allowedLatenessMs: 300_000,
      slackMs: 3_600_000,
      earlyMs: undefined,
      freshnessMs: 60_000,
      latencyMs: 1_000,
      shards: 64,
      latePolicy: "side-output",
    });
  });

  it("takes what the definition says instead of a default", () => {
    const { plan } = defineFeatureView({
      ...sampleView,
      window: { slide: "2m", allowedLateness: "0s", early: "500ms", slack: "2h" },
      latency: "3s",
      shards: 7,
      late: "drop",
      features: counts,
    });
    expect(plan).toMatchObject({
      slideMs: 120_000,
      allowedLatenessMs: 0,
      earlyMs: 500,
      slackMs: 7_200_000,
      latencyMs: 3_000,
      shards: 7,
      latePolicy: "drop",
    });
  });

  it("has a column per feature and size: features as defined, sizes ascending", () => {
    const { plan } = defineFeatureView({
      ...sampleView,
      features: (agg) => ({
        pieces: agg.sum("pieces", { over: ["1h", "10m"] }),
        n: agg.count({ over: ["30m"] }),
      }),
    });
    expect(plan.sizesMs).toEqual([600_000, 1_800_000, 3_600_000]);
    expect(plan.features.map(({ name, sizesMs }) => ({ name, sizesMs }))).toEqual([
      { name: "pieces", sizesMs: [600_000, 3_600_000] },
      { name: "n", sizesMs: [1_800_000] },
    ]);
    expect(plan.columns).toEqual([
      { name: "pieces_10m", feature: 0, sizeMs: 600_000, type: "FLOAT64" },
      { name: "pieces_1h", feature: 0, sizeMs: 3_600_000, type: "FLOAT64" },
      { name: "n_30m", feature: 1, sizeMs: 1_800_000, type: "INT64" },
    ]);
  });

  it("reads key, filter and inputs from the event", () => {
    const { plan } = defineFeatureView({
      ...sampleView,
      where: (e) => e.paid,
      features: (agg) => ({
        n: agg.count({ over: ["1h"] }),
        amount: agg.sum("amount", { over: ["1h"], where: (e) => e.what === "a" }),
      }),
    });
    expect(plan.key(event as never)).toBe("ann");
    expect(plan.accepts(event as never)).toBe(true);
    expect(plan.accepts({ ...event, paid: false } as never)).toBe(false);
    expect(plan.features.map((feature) => feature.input(event as never))).toEqual([null, 2.5]);
    expect(plan.features[1]?.input({ ...event, what: "b" } as never)).toBeUndefined();
  });

  it("accepts every event where it has no filter", () => {
    expect(defineFeatureView({ ...sampleView, features: counts }).plan.accepts(event as never)).toBe(true);
  });
});

describe("each aggregation", () => {
  const over = ["1h"] as const;
  const view = defineFeatureView({
    ...sampleView,
    features: (agg) => ({
      count: agg.count({ over }),
      sum: agg.sum("big", { over }),
      mean: agg.mean("pieces", { over }),
      min: agg.min("amount", { over }),
      max: agg.max("what", { over }),
      first: agg.first("paid", { over }),
      last: agg.last("at", { over }),
      distinct: agg.distinct("who", { over }),
      few: agg.distinct("who", { over, limit: 16 }),
    }),
  });

  it("has its column's type and its value where no event is", () => {
    const empty = view.plan.columns.map(({ name, type, feature }) => {
      return [name, type, view.plan.features[feature]?.aggregation.empty];
    });
    expect(empty).toEqual([
      ["count_1h", "INT64", 0],
      ["sum_1h", "FLOAT64", 0],
      ["mean_1h", "FLOAT64", null],
      ["min_1h", "FLOAT64", null],
      ["max_1h", "STRING", null],
      ["first_1h", "BOOL", null],
      ["last_1h", "INT64", null],
      ["distinct_1h", "INT64", 0],
      ["few_1h", "INT64", 0],
    ]);
  });

  it("gives the value of one event", () => {
    const values = view.plan.features.map((feature) => {
      const { aggregation } = feature;
      const order = { eventTimeMs: event.at, eventId: event.id };
      return aggregation.output(aggregation.add(aggregation.zero(), feature.input(event as never), order));
    });
    expect(values).toEqual([1, 4, 3, 2.5, "a", true, 5, 1, 1]);
  });

  it("has distinct's bound in its name, since the state depends on it", () => {
    expect(view.plan.features.slice(-2).map(({ aggregation }) => aggregation.name)).toEqual([
      "distinct:1000",
      "distinct:16",
    ]);
  });
});

describe("a definition that can't work", () => {
  const withWindow = (window: Partial<Record<string, Duration>>) => () =>
    defineFeatureView({ ...sampleView, window: { ...sampleView.window, ...window }, features: counts });
  const withSizes =
    (...over: [Duration, ...Duration[]]) =>
    () =>
      defineFeatureView({ ...sampleView, features: (agg) => ({ n: agg.count({ over }) }) });
  const view = (change: object) => () => defineFeatureView({ ...sampleView, features: counts, ...change });
  // What the types refuse must fail at start too: they may have been cast away.
  const untyped = (features: (agg: Aggregators<Record<string, never>>) => object) => view({ features });

  it.each([
    ["bad_name", "name", view({ name: "Users" })],
    ["bad_name", "name", view({ name: "a".repeat(41) })],
    ["bad_name", "name", view({ name: "a__b" })],
    ["bad_name", "features.Spend", untyped((agg) => ({ Spend: agg.count({ over: ["1h"] }) }))],
    ["bad_version", "version", view({ version: 0 })],
    ["bad_version", "version", view({ version: 1.5 })],
    ["bad_shards", "shards", view({ shards: 0 })],
    ["bad_shards", "shards", view({ shards: 1025 })],
    ["bad_duration", "freshness", view({ freshness: "1.5m" })],
    ["bad_duration", "latency", view({ latency: "-1s" })],
    ["bad_duration", "window.slide", withWindow({ slide: "1e3m" })],
    ["bad_duration", "window.allowedLateness", withWindow({ allowedLateness: "-5m" })],
    ["bad_duration", "window.slack", withWindow({ slack: "-1h" })],
    ["bad_duration", "features.n.over", withSizes("1.5h")],
    ["slide_too_short", "window.slide", withWindow({ slide: "999ms" })],
    ["early_not_within_slide", "window.early", withWindow({ early: "2m" })],
    ["early_not_within_slide", "window.early", withWindow({ early: "0s" })],
    ["freshness_too_short", "freshness", view({ freshness: "13s" })],
    ["no_features", "features", untyped(() => ({}))],
    ["no_sizes", "features.n.over", untyped((agg) => ({ n: agg.count({ over: [] as never }) }))],
    ["size_below_slide", "features.n.over", withSizes("30s")],
    ["size_not_multiple_of_slide", "features.n.over", withSizes("90s")],
    ["size_not_canonical", "features.n.over", withSizes("60m")],
    ["too_many_slices", "features.n.over", withSizes("2d")],
    ["duplicate_column", "features.n.over", withSizes("1h", "1h")],
    ["unknown_field", "features.n", untyped((agg) => ({ n: agg.distinct("nope", { over: ["1h"] }) }))],
    ["unknown_field", "features.n", untyped((agg) => ({ n: agg.sum("nope", { over: ["1h"] }) }))],
    ["wrong_field_type", "features.n", untyped((agg) => ({ n: agg.sum("who", { over: ["1h"] }) }))],
    ["wrong_field_type", "features.n", untyped((agg) => ({ n: agg.max("paid" as never, { over: ["1h"] }) }))],
    ["bad_limit", "features.n.limit", view({ features: limited(15) })],
    ["bad_limit", "features.n.limit", view({ features: limited(1e9) })],
    ["unknown_field", "entity", view({ entity: defineEntity({ name: "order", key: "order_id" }) })],
    ["wrong_field_type", "entity", view({ entity: defineEntity({ name: "price", key: "amount" }) })],
    [
      "key_may_be_empty",
      "entity",
      view({ source: { ...sample, plan: { ...sample.plan, keyFields: ["id"] } } }),
    ],
  ])("%s at %s", (code, field, define) => {
    const error = definitionError(define);
    expect(error).toMatchObject({ code, field });
    expect(error.message).toContain(`, ${field} = `);
  });

  it("is told by the feature view, the value and what would be right", () => {
    const error = definitionError(withSizes("90s"));
    expect(error.view).toBe("v");
    expect(error.fields).toMatchObject({ kind: "feature view", name: "v", value: "90s" });
    expect(error.message).toBe(
      'feature view v, features.n.over = "90s": a size is a multiple of the slide, 1m: 2m would be one',
    );
  });

  // Two features never meet: the size ends the name. A key can, being no feature.
  it("is a column with the name of the entity's key", () => {
    const fields = [...sampleAvro.fields, { name: "n_1h", type: "string" }];
    const source = defineEvent({
      ...sampleOptions,
      schema: { ...sampleOptions.schema, revisions: [{ id: "1", avro: { ...sampleAvro, fields } }] },
      nonEmpty: ["n_1h" as "who"],
    });
    const entity = defineEntity({ name: "odd", key: "n_1h" as "who" });
    const error = definitionError(view({ source, entity }));
    expect(error).toMatchObject({ code: "duplicate_column", field: "features.n" });
  });

  function limited(limit: number) {
    return (agg: Aggregators<Sample>) => ({ n: agg.distinct("who", { over: ["1h"], limit }) });
  }
});
