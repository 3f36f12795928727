/**
 * What must and must not compile in the language of services. The type checker is the test: an unused
 * `@ts-expect-error` is an error. Nothing here runs but the last block.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineFeatureService, prefixed } from "../../pipeline/define/index.ts";
import { itemActivity } from "../../pipeline/features/item-activity.ts";
import { fraud } from "../../pipeline/features/fraud.ts";
import { ranking } from "../../pipeline/features/ranking.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";

const base = { name: "s", version: 1, views: [userPurchases] } as const;

describe("types of vectors", () => {
  it("are inferred from views, policies and features on demand", () => {
    expectTypeOf<typeof fraud.$vector>().toEqualTypeOf<{
      readonly purchase_count_30m: number;
      readonly purchase_count_1h: number;
      readonly spend_30m: number;
      readonly spend_1h: number;
      readonly mean_amount_1h: number | null;
      readonly max_amount_1h: number | null;
      readonly last_country_1h: string | null;
      readonly distinct_items_1h: number;
      readonly amount_to_mean: number | null;
      readonly above_max: boolean;
      readonly country_changed: boolean | null;
      readonly hour_utc: number;
    }>();
  });

  it("follow the policy: null admits null, error excludes it", () => {
    const service = defineFeatureService({
      ...base,
      missing: { purchase_count_1h: "null", mean_amount_1h: "error" },
      features: {
        ratio: (f) => {
          expectTypeOf(f.purchase_count_1h).toEqualTypeOf<number | null>();
          expectTypeOf(f.mean_amount_1h).toEqualTypeOf<number>();
          expectTypeOf(f.max_amount_1h).toEqualTypeOf<number | null>();
          return f.mean_amount_1h;
        },
      },
    });
    expectTypeOf(service.$vector).toHaveProperty("purchase_count_1h").toEqualTypeOf<number | null>();
    expectTypeOf(service.$vector).toHaveProperty("mean_amount_1h").toEqualTypeOf<number>();
    expectTypeOf(service.$vector).toHaveProperty("ratio").toEqualTypeOf<number>();
  });

  it("have the keys of all entities, and prefixed features", () => {
    expectTypeOf<typeof fraud.$key>().toEqualTypeOf<Readonly<Record<"user_id", string>>>();
    expectTypeOf<typeof ranking.$key>().toEqualTypeOf<Readonly<Record<"user_id" | "item_id", string>>>();
    expectTypeOf<(typeof ranking.$vector)["item_purchase_count_1h"]>().toEqualTypeOf<number>();
  });

  it("give features on demand the request as its schema reads it", () => {
    defineFeatureService({
      ...base,
      request: {
        amount: z.number(),
        channel: z.enum(["web", "app"]).default("web"),
        note: z.string().optional(),
      },
      features: {
        x: (_, request, now) => {
          expectTypeOf(request).toEqualTypeOf<{
            amount: number;
            channel: "web" | "app";
            note?: string | undefined;
          }>();
          expectTypeOf(now).toEqualTypeOf<number>();
          return null;
        },
      },
    });
  });
});

/** Never called. */
export function mustNotCompile(): void {
  // @ts-expect-error a service of nothing
  defineFeatureService({ ...base, views: [] });
  // @ts-expect-error a policy for a feature that there is not
  defineFeatureService({ ...base, missing: { purchase_count_7d: "null" } });
  // @ts-expect-error a policy that there is not
  defineFeatureService({ ...base, missing: { purchase_count_1h: "zero" } });
  // @ts-expect-error an entity's key is no feature
  defineFeatureService({ ...base, missing: { user_id: "null" } });
  defineFeatureService({
    ...base,
    // @ts-expect-error a stored feature that there is not
    features: { x: ({ purchase_count_7d }) => 0 * (purchase_count_7d as number) },
  });
  defineFeatureService({
    ...base,
    request: { amount: z.number() },
    // @ts-expect-error a field of the request that there is not
    features: { x: (_, { price }) => price as number },
  });
  // @ts-expect-error a feature that is no value
  defineFeatureService({ ...base, features: { x: () => ({ nested: 1 }) } });
  // @ts-expect-error a prefixed feature has its prefix
  defineFeatureService({ ...base, views: [prefixed("item", itemActivity)], missing: { revenue_1h: "null" } });
  // @ts-expect-error a column that there is not
  expectTypeOf<typeof fraud.$vector.amount>().toBeNumber();
}

it("checks types by compiling, so nothing above needs to run", () => {
  expect(mustNotCompile).toBeTypeOf("function");
});
