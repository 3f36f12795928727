import type { DecodedEvent, LateEvent } from "./model.ts";
import type { ViewPlan } from "./view-plan.ts";

/** What one view makes of one event, before its state is asked. */
export type Assignment =
  /** Goes on to the windows: there it is applied, a duplicate, or `window_closed`. */
  | { readonly outcome: "candidate"; readonly key: string }
  | { readonly outcome: "late"; readonly key: string; readonly reason: LateEvent["reason"] }
  /** The view's own `where` refuses it. */
  | { readonly outcome: "filtered" };

const FILTERED: Assignment = { outcome: "filtered" };

/**
 * Where an event goes in one view. Decided by the event alone, never by a clock or watermark, so that a replay
 * decides alike:
 * - late: `publish_time − event_time > allowedLateness`; it joins no window of the view;
 * - `window_closed`: published again more than `slack` after its first publish, when its windows may be gone.
 *
 * The filter comes first: an event that is none of the view's can't be late for it.
 */
export function assign(plan: ViewPlan, event: DecodedEvent): Assignment {
  // A plan is bound to its own event type; the registry that pairs them is what makes this safe.
  const value = event.value as never;
  if (!plan.accepts(value)) return FILTERED;
  const key = plan.key(value);
  if (event.publishTimeMs - event.eventTimeMs > plan.allowedLatenessMs)
    return { outcome: "late", key, reason: "late" };
  if (event.deliveredTimeMs - event.publishTimeMs > plan.slackMs)
    return { outcome: "late", key, reason: "window_closed" };
  return { outcome: "candidate", key };
}

/**
 * The event time that counts. A producer's clock may run ahead of the publish time: by at most `maxSkewMs` it is
 * clamped to it. Without this, one wrong clock makes rows and state that live as long as its error.
 *
 * Of such an event each copy (a publisher's retry) has a time of its own, that of its publish, until the clocks meet. The
 * copy that comes to the windows first counts, with its time, and the others are duplicates wherever they would stand: within
 * `copyReachMs`, which covers the skew. So the event counts once, at most a skew away from where another order of reading
 * would have put it. No rule without memory can do better: a copy published after the raw time has that time, so all would
 * have to. Nor can a later copy with a smaller time move the event, since sums can't be undone. Order is that of publish
 * nearly always; where a crash has copies read the other way round, a window between both times may keep a row of lost
 * work, which no other copy can do.
 * @returns the effective time and whether it was clamped, or `undefined` when the raw one is too far ahead
 */
export function effectiveEventTime(
  rawMs: number,
  publishMs: number,
  maxSkewMs: number,
): { readonly eventTimeMs: number; readonly clamped: boolean } | undefined {
  if (rawMs <= publishMs) return { eventTimeMs: rawMs, clamped: false };
  if (rawMs - publishMs <= maxSkewMs) return { eventTimeMs: publishMs, clamped: true };
  return undefined;
}
