import { defineFeatureView } from "../define/index.ts";
import { item } from "./entities.ts";
import { shopEvents } from "./events.ts";

/** How much attention and money an item gets. */
export const itemActivity = defineFeatureView({
  name: "item_activity",
  version: 1,
  source: shopEvents,
  entity: item,
  window: { slide: "1m", allowedLateness: "5m", early: "1s" },
  freshness: "1m",
  features: (agg) => ({
    view_count: agg.count({ over: ["10m", "1h"], where: (event) => event.event_type === "view" }),
    purchase_count: agg.count({ over: ["10m", "1h"], where: (event) => event.event_type === "purchase" }),
    refund_count: agg.count({ over: ["1h"], where: (event) => event.event_type === "refund" }),
    revenue: agg.sum("amount_usd", {
      over: ["10m", "1h"],
      where: (event) => event.event_type === "purchase",
    }),
    distinct_users: agg.distinct("user_id", { over: ["10m", "1h"] }),
  }),
});
