import { defineFeatureService, prefixed } from "../define/index.ts";
import { itemActivity } from "./item-activity.ts";
import { userPurchases } from "./user-purchases.ts";

/** What a ranking model asks for each item that a shopper might see: the shopper's last hour and the item's. */
export const ranking = defineFeatureService({
  name: "ranking",
  version: 1,
  views: [userPurchases, prefixed("item", itemActivity)],
  features: {
    item_conversion_1h: (f) =>
      f.item_view_count_1h > 0 ? f.item_purchase_count_1h / f.item_view_count_1h : null,
    item_trend: (f) => (f.item_view_count_1h > 0 ? (6 * f.item_view_count_10m) / f.item_view_count_1h : null),
  },
});
