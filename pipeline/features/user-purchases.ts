import { defineFeatureView } from "../define/index.ts";
import { user } from "./entities.ts";
import { shopEvents } from "./events.ts";

/** What a shopper bought lately. */
export const userPurchases = defineFeatureView({
  name: "user_purchases",
  version: 1,
  source: shopEvents,
  entity: user,
  where: (event) => event.event_type === "purchase",
  window: { slide: "1m", allowedLateness: "5m", early: "1s" },
  freshness: "1m",
  features: (agg) => ({
    purchase_count: agg.count({ over: ["30m", "1h"] }),
    spend: agg.sum("amount_usd", { over: ["30m", "1h"] }),
    mean_amount: agg.mean("amount_usd", { over: ["1h"] }),
    max_amount: agg.max("amount_usd", { over: ["1h"] }),
    last_country: agg.last("country", { over: ["1h"] }),
    distinct_items: agg.distinct("item_id", { over: ["1h"] }),
  }),
});
