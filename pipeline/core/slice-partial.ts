import type { Reader, Writer } from "./bytes.ts";
import type { SliceEvent } from "./slice-batch.ts";
import type { ViewPlan } from "./view-plan.ts";

/** What the applied events of one key in one slice add up to. */
export interface SlicePartial {
  /** The slice's start. */
  readonly sliceMs: number;
  /** By feature, in the order of `ViewPlan.features`. */
  readonly accumulators: unknown[];
  /** The ids of its events, in the order in which they were applied. Their number is the slice's part of `seq`. */
  readonly eventIds: string[];
  maxEventTimeMs: number;
  maxPublishTimeMs: number;
}

/** The partial of no event. */
export function emptyPartial(plan: ViewPlan, sliceMs: number): SlicePartial {
  return {
    sliceMs,
    accumulators: plan.features.map(({ aggregation }) => aggregation.zero()),
    eventIds: [],
    maxEventTimeMs: -Infinity,
    maxPublishTimeMs: -Infinity,
  };
}

/** Adds an event, which must lie in the partial's slice and be new. */
export function addEvent(plan: ViewPlan, partial: SlicePartial, event: SliceEvent): void {
  const { accumulators } = partial;
  for (const [i, { aggregation }] of plan.features.entries()) {
    const input = event.inputs[i];
    if (input !== undefined) accumulators[i] = aggregation.add(accumulators[i], input, event);
  }
  partial.eventIds.push(event.eventId);
  partial.maxEventTimeMs = Math.max(partial.maxEventTimeMs, event.eventTimeMs);
  partial.maxPublishTimeMs = Math.max(partial.maxPublishTimeMs, event.publishTimeMs);
}

/** Adds all of `other`, a partial of the same key and slice, which stays as it is. */
export function mergePartial(plan: ViewPlan, partial: SlicePartial, other: SlicePartial): void {
  const { accumulators } = partial;
  for (const [i, { aggregation }] of plan.features.entries()) {
    accumulators[i] = aggregation.merge(accumulators[i], other.accumulators[i]);
  }
  for (const id of other.eventIds) partial.eventIds.push(id);
  partial.maxEventTimeMs = Math.max(partial.maxEventTimeMs, other.maxEventTimeMs);
  partial.maxPublishTimeMs = Math.max(partial.maxPublishTimeMs, other.maxPublishTimeMs);
}

/** Writes a partial that holds events, readable with a plan of the same features only. */
export function encodePartial(plan: ViewPlan, partial: SlicePartial, to: Writer): void {
  to.varint(partial.sliceMs);
  to.varint(partial.maxEventTimeMs - partial.sliceMs);
  to.varint(partial.maxPublishTimeMs - partial.maxEventTimeMs);
  to.varint(partial.eventIds.length);
  for (const id of partial.eventIds) to.string(id);
  for (const [i, { aggregation }] of plan.features.entries()) aggregation.encode(partial.accumulators[i], to);
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
