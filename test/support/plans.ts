/** Plans and events for tests of the core, without the feature language. */
import { count, distinct, first, last, max, mean, min, sum } from "../../pipeline/core/aggregations/index.ts";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import type { ColumnPlan, FeaturePlan, ViewPlan } from "../../pipeline/core/view-plan.ts";

/** The record of the test events. */
export interface Purchase extends Record<string, unknown> {
  readonly user_id: string;
  readonly amount: number;
  readonly country: string;
  readonly accepted: boolean;
}

const SHORT = 20;
const LONG = 60;

function feature(
  name: string,
  aggregation: FeaturePlan["aggregation"],
  sizesMs: readonly number[],
  input: (purchase: Purchase) => unknown,
): FeaturePlan {
  return { name, aggregation, sizesMs, input };
}

/**
 * A view with every aggregation: slide 10 ms, sizes 20 and 60 ms, lateness 40 ms, slack 30 ms, early rows.
 * Purchases that are not `accepted` are filtered.
 */
export function testPlan(changes: Partial<ViewPlan> = {}): ViewPlan {
  const both = [SHORT, LONG];
  const features = changes.features ?? [
    feature("n", count, both, () => null),
    feature("n_abroad", count, [SHORT], (p) => (p.country === "US" ? undefined : null)),
    feature("spend", sum, both, (p) => p.amount),
    feature("average", mean, [LONG], (p) => p.amount),
    feature("least", min, both, (p) => p.amount),
    feature("greatest_country", max, [LONG], (p) => p.country),
    feature("first_country", first, [LONG], (p) => p.country),
    feature("last_amount", last, both, (p) => p.amount),
    feature("countries", distinct(16), both, (p) => p.country),
  ];
  const columns = features.flatMap(({ name, sizesMs }, i) =>
    sizesMs.map((sizeMs): ColumnPlan => ({ name: `${name}_${sizeMs}`, feature: i, sizeMs, type: "FLOAT64" })),
  );
  return {
    name: "purchases",
    version: 1,
    source: "purchase",
    entity: "user",
    keyField: "user_id",
    slideMs: 10,
    longestMs: LONG,
    sizesMs: both,
    allowedLatenessMs: 40,
    slackMs: 30,
    maxClockSkewMs: 0,
    earlyMs: 1,
    freshnessMs: 50,
    latencyMs: 1,
    shards: 1,
    strategy: "timers",
    latePolicy: "side-output",
    columns,
    accepts: (purchase: Purchase) => purchase.accepted,
    key: (purchase: Purchase) => purchase.user_id,
    ...changes,
    features,
  };
}

/** A view that only counts: its rows can be checked by eye. Columns: the last 20 ms, the last 60 ms. */
export function countPlan(changes: Partial<ViewPlan> = {}): ViewPlan {
  return testPlan({ features: [feature("n", count, [SHORT, LONG], () => null)], ...changes });
}

/** An event of user `u`, published when it happened; what the test is about is given. */
export function testEvent(
  eventTimeMs: number,
  changes: Partial<DecodedEvent<Purchase>> & { purchase?: Partial<Purchase> } = {},
): DecodedEvent<Purchase> {
  const { purchase, ...event } = changes;
  const publishTimeMs = changes.publishTimeMs ?? eventTimeMs;
  const eventId = changes.eventId ?? `event at ${eventTimeMs}`;
  return {
    eventId,
    messageId: `message of ${eventId}`,
    publishTimeMs,
    deliveredTimeMs: publishTimeMs,
    eventTimeMs,
    rawEventTimeMs: eventTimeMs,
    clamped: false,
    value: { user_id: "u", amount: 1, country: "US", accepted: true, ...purchase },
    ...event,
  };
}
