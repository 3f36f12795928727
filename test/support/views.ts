import { defineFeatureView } from "../../pipeline/define/index.ts";
import { user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";

/** `user_purchases` with a feature more, as a person adds one: its version raised. */
export const wideUserPurchases = defineFeatureView({
  name: "user_purchases",
  version: 2,
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
    min_amount: agg.min("amount_usd", { over: ["30m"] }),
    last_country: agg.last("country", { over: ["1h"] }),
    distinct_items: agg.distinct("item_id", { over: ["1h"] }),
  }),
});
