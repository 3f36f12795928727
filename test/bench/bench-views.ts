import { defineFeatureView, defineRegistry } from "../../pipeline/define/index.ts";
import { user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";

/** One count over thirty minutes, sliding by one: the feature that other systems' figures are of. */
export const purchaseCount = defineFeatureView({
  name: "count_alone",
  version: 1,
  source: shopEvents,
  entity: user,
  window: { slide: "1m", allowedLateness: "5m", early: "1s" },
  freshness: "1m",
  features: (agg) => ({ alone_count: agg.count({ over: ["30m"] }) }),
});

/** What is measured: the one count, and a view as a shop has it, with nine columns. */
export const benchViews = defineRegistry([purchaseCount, userPurchases]);
