import { defineFeatureView, defineRegistry } from "../../pipeline/define/index.ts";
import { item, user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";

/*
 * The project's own features with windows of minutes: what a slice, an id or a key leaves in memory is gone three
 * minutes later. Whoever still grows after that keeps something for good.
 */

const window = { slide: "10s", allowedLateness: "10s", slack: "20s", early: "1s" } as const;

const userPurchases = defineFeatureView({
  name: "user_purchases",
  version: 1,
  source: shopEvents,
  entity: user,
  where: (event) => event.event_type === "purchase",
  window,
  freshness: "1m",
  features: (agg) => ({
    purchase_count: agg.count({ over: ["1m", "2m"] }),
    spend: agg.sum("amount_usd", { over: ["1m", "2m"] }),
    mean_amount: agg.mean("amount_usd", { over: ["2m"] }),
    max_amount: agg.max("amount_usd", { over: ["2m"] }),
    last_country: agg.last("country", { over: ["2m"] }),
    distinct_items: agg.distinct("item_id", { over: ["2m"] }),
  }),
});

const itemActivity = defineFeatureView({
  name: "item_activity",
  version: 1,
  source: shopEvents,
  entity: item,
  window,
  freshness: "1m",
  features: (agg) => ({
    view_count: agg.count({ over: ["1m", "2m"], where: (event) => event.event_type === "view" }),
    revenue: agg.sum("amount_usd", { over: ["2m"], where: (event) => event.event_type === "purchase" }),
    distinct_users: agg.distinct("user_id", { over: ["1m", "2m"] }),
  }),
});

/** Views whose state has filled within minutes. */
export const shortLived = defineRegistry([userPurchases, itemActivity]);
