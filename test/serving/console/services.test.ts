import { describe, expect, it } from "vitest";
import { quantileOf } from "../../../pipeline/serving/console/service-counts.ts";
import type { ServicesJson } from "../../../pipeline/serving/console/services-contract.ts";
import { inspectedServer } from "../../support/inspected-server.ts";

describe("GET /console/api/services", () => {
  it("describes each service, and counts what was asked of it", async () => {
    const { request, read } = await inspectedServer();
    await read("fraud", { keys: [{ user_id: "ann" }, { user_id: "bob" }], request: { amount_usd: 1 } });
    await read("fraud", { keys: [] });
    const told = (await (await request("/console/api/services")).json()) as ServicesJson;
    expect(told.services.map(({ name, key }) => [name, key.map(({ field }) => field)])).toEqual([
      ["fraud", ["user_id"]],
      ["ranking", ["user_id", "item_id"]],
    ]);
    const [fraud, ranking] = told.services;
    expect(fraud?.request).toMatchObject({
      properties: { amount_usd: { type: "number", minimum: 0 } },
      required: ["amount_usd"],
    });
    expect(fraud?.features).toContainEqual({
      ...{ name: "last_country_1h", type: "STRING", view: { name: "user_purchases", version: 1 } },
      ...{ size_ms: 3_600_000, missing: "null", default: null },
    });
    expect(fraud?.features.find(({ name }) => name === "hour_utc")).toMatchObject({ view: null, type: null });
    expect(fraud?.counts).toMatchObject({ requests: 2, by_status: { 200: 1, 400: 1 }, keys: 2 });
    expect(fraud?.counts.p99?.ms).toBeGreaterThan(0);
    expect(ranking?.counts).toMatchObject({ requests: 0, by_status: {}, p50: null, p99: null });
  });
});

describe("a quantile of a histogram", () => {
  //  0      1      2        ∞      s
  //  |  10  |  30  |   10   |
  const buckets = [
    { le: 2, count: 40 },
    { le: 1, count: 10 },
    { le: Infinity, count: 50 },
  ];

  it("lies within its bucket as its rank lies among the bucket's values", () => {
    expect(quantileOf(buckets, 0.1)).toEqual({ ms: 500, or_more: false });
    expect(quantileOf(buckets, 0.2)).toEqual({ ms: 1_000, or_more: false });
    expect(quantileOf(buckets, 0.5)).toEqual({ ms: 1_500, or_more: false });
  });

  it("beyond the last bound is that bound, or more", () => {
    expect(quantileOf(buckets, 0.99)).toEqual({ ms: 2_000, or_more: true });
  });

  it("of several histograms is that of their sum, and of none is none", () => {
    expect(quantileOf([...buckets, ...buckets], 0.5)).toEqual({ ms: 1_500, or_more: false });
    expect(quantileOf([], 0.5)).toBeNull();
    expect(quantileOf([{ le: 1, count: 0 }], 0.5)).toBeNull();
  });
});
