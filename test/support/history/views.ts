/** The views that histories are told of: small windows of several sizes, each with its own lateness, on shop events. */
import {
  count,
  distinct,
  first,
  last,
  max,
  mean,
  min,
  sum,
} from "../../../pipeline/core/aggregations/index.ts";
import type { EventPlan } from "../../../pipeline/core/event-plan.ts";
import type { ColumnPlan, FeaturePlan, ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { features } from "../../../pipeline/features/registry.ts";
import type { ShopEvent } from "../../../schemas/generated/shop_event.ts";
import { testPlan } from "../plans.ts";

/** How far a producer's clock may run ahead, ms. */
export const SKEW_MS = 15;

/** The shop event with windows' clocks of milliseconds. */
export const historyEvent: EventPlan = { ...features.event("shop_event"), maxClockSkewMs: SKEW_MS };

type Feature = readonly [
  name: string,
  aggregation: FeaturePlan["aggregation"],
  type: ColumnPlan["type"],
  sizesMs: readonly number[],
  input: (event: ShopEvent) => unknown,
];

/** A view of purchases. @param features each with its sizes in ms, ascending */
function historyView(name: string, features: readonly Feature[], changes: Partial<ViewPlan>): ViewPlan {
  const sizesMs = [...new Set(features.flatMap(([, , , sizes]) => sizes))].sort((a, b) => a - b);
  return testPlan({
    name,
    source: historyEvent.name,
    sizesMs,
    longestMs: sizesMs.at(-1) as number,
    accepts: (event: ShopEvent) => event.event_type === "purchase",
    key: (event: ShopEvent) => event.user_id,
    keyField: "user_id",
    maxClockSkewMs: SKEW_MS,
    ...changes,
    features: features.map(([name, aggregation, , sizes, input]) => ({
      name,
      aggregation,
      sizesMs: sizes,
      input,
    })),
    columns: features.flatMap(([name, , type, sizes], feature) =>
      sizes.map((sizeMs) => ({ name: `${name}_${String(sizeMs)}`, feature, sizeMs, type })),
    ),
  });
}

/** The view that says the most, slide 10 ms, 20 and 60 ms: every aggregation, early rows. */
export const minute = historyView(
  "minute",
  [
    ["n", count, "INT64", [20, 60], () => null],
    ["n_abroad", count, "INT64", [20], (e) => (e.country === "US" ? undefined : null)],
    ["spend", sum, "FLOAT64", [20, 60], (e) => e.amount_usd],
    ["average", mean, "FLOAT64", [60], (e) => e.amount_usd],
    ["least", min, "FLOAT64", [20, 60], (e) => e.amount_usd],
    ["greatest_country", max, "STRING", [60], (e) => e.country],
    ["first_country", first, "STRING", [60], (e) => e.country],
    ["last_amount", last, "FLOAT64", [20, 60], (e) => e.amount_usd],
    ["countries", distinct(16), "INT64", [20, 60], (e) => e.country],
  ],
  { shards: 2 },
);

/** Three sizes, a lateness that is no multiple of the slide, late events dropped. */
export const steps = historyView(
  "steps",
  [
    ["n", count, "INT64", [10, 30, 50], () => null],
    ["last_country", last, "STRING", [30], (e) => e.country],
  ],
  { shards: 3, allowedLatenessMs: 25, slackMs: 31, latePolicy: "drop" },
);

/** By item, coarse slides, nothing may be late, no early rows: what it says is what ended. */
export const items = historyView(
  "items",
  [
    ["n", count, "INT64", [30, 90], () => null],
    ["spend", sum, "FLOAT64", [90], (e) => e.amount_usd],
  ],
  {
    keyField: "item_id",
    key: (event: ShopEvent) => event.item_id,
    slideMs: 30,
    allowedLatenessMs: 0,
    earlyMs: undefined,
  },
);

/** Windows shorter than clocks may run ahead: two copies of one event may stand in windows that don't meet. */
export const moments = historyView(
  "moments",
  [
    ["n", count, "INT64", [10], () => null],
    ["last_amount", last, "FLOAT64", [10], (e) => e.amount_usd],
  ],
  {},
);

/** All of them. */
export const historyViews: readonly ViewPlan[] = [minute, steps, items, moments];
