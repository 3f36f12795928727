/**
 * What must and must not compile in the feature language. The type checker is the test: an unused
 * `@ts-expect-error` is an error. Nothing here runs but the last block.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { shopEvent, type ShopEvent } from "../../schemas/generated/shop_event.ts";
import {
  defineEntity,
  defineEvent,
  defineFeatureView,
  type Aggregators,
} from "../../pipeline/define/index.ts";
import { itemActivity } from "../../pipeline/features/item-activity.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { features as registry } from "../../pipeline/features/registry.ts";

const event = defineEvent({
  name: "shop_event",
  schema: shopEvent,
  eventId: "event_id",
  eventTime: "occurred_at",
  nonEmpty: ["user_id", "item_id"],
});
const user = defineEntity({ name: "user", key: "user_id" });
const view = {
  name: "v",
  version: 1,
  source: event,
  entity: user,
  window: { slide: "1m", allowedLateness: "5m" },
  freshness: "1m",
} as const;

describe("types of rows", () => {
  it("are inferred from the features", () => {
    expectTypeOf<typeof userPurchases.$row>().toEqualTypeOf<{
      readonly user_id: string;
      readonly purchase_count_30m: number;
      readonly purchase_count_1h: number;
      readonly spend_30m: number;
      readonly spend_1h: number;
      readonly mean_amount_1h: number | null;
      readonly max_amount_1h: number | null;
      readonly last_country_1h: string | null;
      readonly distinct_items_1h: number;
    }>();
    expectTypeOf<keyof typeof itemActivity.$row>().toEqualTypeOf<
      | "item_id"
      | `${"view_count" | "purchase_count" | "revenue" | "distinct_users"}_${"10m" | "1h"}`
      | "refund_count_1h"
    >();
  });

  it("keep an enum's values, and name the type of each aggregation", () => {
    const all = defineFeatureView({
      ...view,
      features: (agg) => ({
        first_type: agg.first("event_type", { over: ["1h"] }),
        least: agg.min("country", { over: ["1h"] }),
        mean: agg.mean("amount_usd", { over: ["1h"] }),
        users: agg.distinct("user_id", { over: ["1h"], limit: 100 }),
      }),
    });
    expectTypeOf(all.$row).toEqualTypeOf<{
      readonly user_id: string;
      readonly first_type_1h: "purchase" | "refund" | "view" | null;
      readonly least_1h: string | null;
      readonly mean_1h: number | null;
      readonly users_1h: number;
    }>();
  });

  it("give a `where` the event's own type", () => {
    defineFeatureView({
      ...view,
      where: (e) => {
        expectTypeOf(e).toEqualTypeOf<ShopEvent>();
        return true;
      },
      features: (agg) => ({ n: agg.count({ over: ["1h"], where: (e) => e.country === "US" }) }),
    });
  });

  it("keep the registry's views apart", () => {
    expectTypeOf(registry.views).toEqualTypeOf<readonly [typeof userPurchases, typeof itemActivity]>();
  });
});

/** Never called: most of it would throw a DefinitionError. */
export function mustNotCompile(): void {
  const e = {
    name: "e",
    schema: shopEvent,
    eventId: "event_id",
    eventTime: "occurred_at",
    nonEmpty: [],
  } as const;
  defineEvent(e);
  // @ts-expect-error an event id that is no field
  defineEvent({ ...e, eventId: "id" });
  // @ts-expect-error an event time that is no number
  defineEvent({ ...e, eventTime: "country" });
  // @ts-expect-error a key that is no string
  defineEvent({ ...e, nonEmpty: ["amount_usd"] });

  const order = defineEntity({ name: "order", key: "order_id" });
  // @ts-expect-error an entity whose key is no field of the event
  defineFeatureView({ ...view, entity: order, features: (agg) => ({ n: agg.count({ over: ["1h"] }) }) });
  const country = defineEntity({ name: "country", key: "country" });
  // @ts-expect-error an entity whose key may be empty
  defineFeatureView({ ...view, entity: country, features: (agg) => ({ n: agg.count({ over: ["1h"] }) }) });

  defineFeatureView({
    ...view,
    // @ts-expect-error a filter by what is no field
    where: (e) => e.type === "purchase",
    features: (agg) => ({ n: agg.count({ over: ["1h"] }) }),
  });
  defineFeatureView({
    ...view,
    // @ts-expect-error a filter by what is no value of the enum
    where: (e) => e.event_type === "bought",
    features: (agg) => ({ n: agg.count({ over: ["1h"] }) }),
  });

  defineFeatureView({
    ...view,
    features: (agg) => ({
      // @ts-expect-error a field that there is not
      a: agg.sum("amount", { over: ["1h"] }),
      // @ts-expect-error a sum of text
      b: agg.sum("country", { over: ["1h"] }),
      // @ts-expect-error a mean of text
      c: agg.mean("user_id", { over: ["1h"] }),
      // @ts-expect-error a field that there is not
      d: agg.last("city", { over: ["1h"] }),
      // @ts-expect-error a unit that there is not
      e: agg.count({ over: ["1w"] }),
      // @ts-expect-error a size without a unit
      f: agg.count({ over: ["30"] }),
      // @ts-expect-error a size without a number
      g: agg.count({ over: ["m"] }),
      // @ts-expect-error a feature over no size
      h: agg.count({ over: [] }),
      // @ts-expect-error a filter by what is no field
      i: agg.count({ over: ["1h"], where: (e) => e.refunded === true }),
      // @ts-expect-error a bound is distinct's only
      j: agg.count({ over: ["1h"], limit: 10 }),
    }),
  });

  const features = (agg: Aggregators<ShopEvent>) => ({ n: agg.count({ over: ["1h"] }) });
  defineFeatureView({ ...view, features });
  // @ts-expect-error a slide without a unit
  defineFeatureView({ ...view, features, window: { slide: "1", allowedLateness: "5m" } });
  // @ts-expect-error no allowed lateness
  defineFeatureView({ ...view, features, window: { slide: "1m" } });
  // @ts-expect-error freshness is no number
  defineFeatureView({ ...view, features, freshness: 60 });
  // @ts-expect-error a policy that there is not
  defineFeatureView({ ...view, features, late: "keep" });
  // @ts-expect-error a feature that is no aggregation
  defineFeatureView({ ...view, features: () => ({ n: 1 }) });

  // @ts-expect-error a column that there is not
  expectTypeOf(userPurchases.$row.purchase_count_7d).toBeNumber();
}

it("checks types by compiling, so nothing above needs to run", () => {
  expect(mustNotCompile).toBeTypeOf("function");
});
