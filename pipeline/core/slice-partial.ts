import type { Reader, Writer } from "./bytes.ts";
import type { SliceEvent } from "./slice-batch.ts";
import type { FeaturePlan, ViewPlan } from "./view-plan.ts";

/** What events of one key add up to. */
export interface EventSums {
  /** By feature, in the order of `ViewPlan.features`. */
  readonly accumulators: unknown[];
  maxEventTimeMs: number;
  maxPublishTimeMs: number;
}

/** What the applied events of one key in one slice add up to. */
export interface SlicePartial extends EventSums {
  /** The slice's start. */
  readonly sliceMs: number;
  /** The ids of its events, in the order in which they were applied. Their number is the slice's part of `seq`. */
  readonly eventIds: string[];
}

/** The sums of no event. */
export function emptySums(plan: ViewPlan): EventSums {
  const accumulators = plan.features.map(({ aggregation }) => aggregation.zero());
  return { accumulators, maxEventTimeMs: -Infinity, maxPublishTimeMs: -Infinity };
}

/** The partial of no event. */
export function emptyPartial(plan: ViewPlan, sliceMs: number): SlicePartial {
  return partialOf(plan, sliceMs, []);
}

/** The partial of events, which must lie in its slice and be distinct. */
export function partialOf(plan: ViewPlan, sliceMs: number, events: readonly SliceEvent[]): SlicePartial {
  const { accumulators, maxEventTimeMs, maxPublishTimeMs } = emptySums(plan);
  // Not pushed one by one: a list that grows from nothing has room for seventeen, and most partials are of one event.
  const eventIds = events.map(({ eventId }) => eventId);
  const partial = { sliceMs, accumulators, eventIds, maxEventTimeMs, maxPublishTimeMs };
  for (const event of events) addToSums(plan, partial, event);
  return partial;
}

/** Adds an event, which must lie in the partial's slice and be new. */
export function addEvent(plan: ViewPlan, partial: SlicePartial, event: SliceEvent): void {
  addToSums(plan, partial, event);
  partial.eventIds.push(event.eventId);
}

function addToSums(plan: ViewPlan, sums: EventSums, event: SliceEvent): void {
  const { accumulators } = sums;
  for (let i = 0; i < accumulators.length; i++) {
    const input = event.inputs[i];
    if (input === undefined) continue;
    accumulators[i] = (plan.features[i] as FeaturePlan).aggregation.add(accumulators[i], input, event);
  }
  sums.maxEventTimeMs = Math.max(sums.maxEventTimeMs, event.eventTimeMs);
  sums.maxPublishTimeMs = Math.max(sums.maxPublishTimeMs, event.publishTimeMs);
}

/** Adds all of `other`, a partial of the same key and slice, which stays as it is. */
export function mergePartial(plan: ViewPlan, partial: SlicePartial, other: SlicePartial): void {
  addSums(plan, partial, other);
  for (const id of other.eventIds) partial.eventIds.push(id);
}

/** Adds what other events of the key add up to; `other` stays as it is. */
export function addSums(plan: ViewPlan, sums: EventSums, other: EventSums): void {
  for (let i = 0; i < sums.accumulators.length; i++) addSumOf(plan, i, sums, other);
  addTimes(sums, other);
}

/** Adds one feature's part of `other`. */
export function addSumOf(plan: ViewPlan, feature: number, sums: EventSums, other: EventSums): void {
  const { aggregation } = plan.features[feature] as FeaturePlan;
  sums.accumulators[feature] = aggregation.merge(sums.accumulators[feature], other.accumulators[feature]);
}

/** Adds the times of `other`. */
export function addTimes(sums: EventSums, other: EventSums): void {
  sums.maxEventTimeMs = Math.max(sums.maxEventTimeMs, other.maxEventTimeMs);
  sums.maxPublishTimeMs = Math.max(sums.maxPublishTimeMs, other.maxPublishTimeMs);
}

/** Writes a partial that holds events, readable with a plan of the same features only. */
export function encodePartial(plan: ViewPlan, partial: SlicePartial, to: Writer): void {
  to.varint(partial.sliceMs);
  to.varint(partial.maxEventTimeMs - partial.sliceMs);
  to.varint(partial.maxPublishTimeMs - partial.maxEventTimeMs);
  to.varint(partial.eventIds.length);
  for (const id of partial.eventIds) to.string(id);
  for (let i = 0; i < plan.features.length; i++) {
    (plan.features[i] as FeaturePlan).aggregation.encode(partial.accumulators[i], to);
  }
}

/** Reads what `encodePartial` wrote. @throws RangeError for bytes that end too soon */
export function decodePartial(plan: ViewPlan, from: Reader): SlicePartial {
  const sliceMs = from.varintNumber();
  const maxEventTimeMs = sliceMs + from.varintNumber();
  const maxPublishTimeMs = maxEventTimeMs + from.varintNumber();
  const eventIds = Array.from({ length: from.length() }, () => from.string());
  const accumulators = plan.features.map(({ aggregation }) => aggregation.decode(from));
  return { sliceMs, accumulators, eventIds, maxEventTimeMs, maxPublishTimeMs };
}
