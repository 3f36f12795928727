import { EventIds } from "./event-ids.ts";
import type { ViewPlan } from "./view-plan.ts";

/** An event that went to the windows of a view. */
export interface Candidate {
  readonly key: string;
  readonly eventId: string;
  readonly messageId: string;
  readonly deliveredTimeMs: number;
  readonly sliceMs: number;
  /** The pipeline recorded that its windows were collected. */
  readonly isClosed: boolean;
  /** Whether it is of the span that is accounted for, and not of the time before. */
  readonly isCounted: boolean;
}

/** What windows made of events, each in one class. */
export interface Taken {
  applied: number;
  duplicate: number;
  window_closed: number;
}

/** Counts what became of candidates, in the order of their delivery, by the rule by which the windows tell copies. */
export function takenOf(plan: ViewPlan, candidates: readonly Candidate[]): Taken {
  const taken: Taken = { applied: 0, duplicate: 0, window_closed: 0 };
  const ids = new Map<string, EventIds>();
  for (const candidate of [...candidates].sort(byDelivery)) {
    const outcome = outcomeOf(plan, candidate, ids);
    if (candidate.isCounted) taken[outcome] += 1;
  }
  return taken;
}

function outcomeOf(plan: ViewPlan, candidate: Candidate, ids: Map<string, EventIds>): keyof Taken {
  if (candidate.isClosed) return "window_closed";
  const { key, eventId, sliceMs } = candidate;
  const ofKey = ids.get(key) ?? new EventIds(plan.longestMs);
  ids.set(key, ofKey);
  if (ofKey.isNear(eventId, sliceMs)) return "duplicate";
  ofKey.add([eventId], sliceMs);
  return "applied";
}

function byDelivery(a: Candidate, b: Candidate): number {
  const ids = a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : 0;
  return a.deliveredTimeMs - b.deliveredTimeMs || a.messageId.length - b.messageId.length || ids;
}
