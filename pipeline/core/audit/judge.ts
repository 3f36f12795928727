import { emptyPartial, addEvent, type SlicePartial } from "../slice-partial.ts";
import { KeySlices } from "../key-slices.ts";
import { assign } from "../lateness.ts";
import type { DecodedEvent } from "../model.ts";
import { sliceOf } from "../slices.ts";
import { toSliceEvent } from "../slice-grouper.ts";
import type { ViewPlan } from "../view-plan.ts";

/*
 * What a view must have made of the events of one key: worked out again from the archive, event by event in publish
 * order, by the functions that the pipeline runs.
 */

/** What became of an event in one view: exactly one of these. */
export type EventClass = "applied" | "late" | "window_closed" | "duplicate" | "filtered";

/** An event, and what the view made of it. */
export interface JudgedEvent {
  readonly event: DecodedEvent;
  readonly outcome: EventClass;
  /** The slice that its event time lies in, whether or not it was applied. */
  readonly sliceMs: number;
}

/** All that the archive knows of one key. */
export interface KeyHistory {
  /** In publish order. */
  readonly judged: readonly JudgedEvent[];
  /** The slices of the applied events, ascending, none empty. */
  readonly slices: readonly SlicePartial[];
}

/** Names a delivery, as the late table does: a redriven message has the message id of its first publish. */
export function deliveryOf(event: Pick<DecodedEvent, "messageId" | "deliveredTimeMs">): string {
  return `${String(event.deliveredTimeMs)} ${event.messageId}`;
}

/** Publish order; of one instant the message ids decide, as they ascend. */
export function byPublish(a: DecodedEvent, b: DecodedEvent): number {
  const ids = a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : 0;
  return a.deliveredTimeMs - b.deliveredTimeMs || a.messageId.length - b.messageId.length || ids;
}

/**
 * Judges the events of one key.
 * @param events all that carry the key, in any order, each delivery once
 * @param closed deliveries (see `deliveryOf`) that came to their windows after those were collected. That depends on
 * when the pipeline read them, so no archive can tell: the pipeline's late table does.
 */
export function judge(
  plan: ViewPlan,
  events: readonly DecodedEvent[],
  closed: ReadonlySet<string> = new Set(),
): KeyHistory {
  const key = new KeySlices("");
  const judged = [...events].sort(byPublish).map((event): JudgedEvent => {
    const sliceMs = sliceOf(event.eventTimeMs, plan.slideMs);
    return { event, outcome: judgeOne(plan, key, event, sliceMs, closed), sliceMs };
  });
  return { judged, slices: key.slices };
}

function judgeOne(
  plan: ViewPlan,
  key: KeySlices,
  event: DecodedEvent,
  sliceMs: number,
  closed: ReadonlySet<string>,
): EventClass {
  const assignment = assign(plan, event);
  if (assignment.outcome === "filtered") return "filtered";
  if (assignment.outcome === "late") return assignment.reason;
  if (closed.has(deliveryOf(event))) return "window_closed";
  if (key.isDuplicate(plan, event.eventId, sliceMs)) return "duplicate";
  const partial = emptyPartial(plan, sliceMs);
  addEvent(plan, partial, toSliceEvent(plan, event));
  key.merge(plan, partial);
  return "applied";
}

/** The slices of those applied events that a condition holds for. */
export function slicesOf(
  plan: ViewPlan,
  { judged }: KeyHistory,
  condition: (judged: JudgedEvent) => boolean,
): readonly SlicePartial[] {
  const kept = judged.filter((each) => each.outcome === "applied" && condition(each));
  return judge(
    plan,
    kept.map(({ event }) => event),
  ).slices;
}
