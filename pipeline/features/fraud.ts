import { z } from "zod";
import { defineFeatureService } from "../define/index.ts";
import { userPurchases } from "./user-purchases.ts";

/** What a fraud model asks at checkout: the shopper's last hour against the purchase at hand. */
export const fraud = defineFeatureService({
  name: "fraud",
  version: 1,
  views: [userPurchases],
  request: { amount_usd: z.number().nonnegative(), country: z.string().length(2).optional() },
  missing: { last_country_1h: "null", max_amount_1h: "null" },
  features: {
    amount_to_mean: (f, request) => (f.mean_amount_1h ? request.amount_usd / f.mean_amount_1h : null),
    above_max: (f, request) => f.max_amount_1h !== null && request.amount_usd > f.max_amount_1h,
    country_changed: (f, { country }) =>
      f.last_country_1h === null || country === undefined ? null : f.last_country_1h !== country,
    hour_utc: (_, __, now) => new Date(now).getUTCHours(),
  },
});
