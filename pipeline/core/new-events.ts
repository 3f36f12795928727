import type { KeySlices } from "./key-slices.ts";
import type { SliceBatch, SliceEvent } from "./slice-batch.ts";
import type { ViewPlan } from "./view-plan.ts";

/**
 * Those of a batch's events that are no copies of earlier ones: the very list where none is, which is almost always.
 * @param known what the batch's key has so far
 */
export function newEvents(
  plan: ViewPlan,
  { events, sliceMs }: SliceBatch,
  known: KeySlices | undefined,
): readonly SliceEvent[] {
  const ids = events.length > 1 ? new Set<string>() : undefined;
  if (ids === undefined && known === undefined) return events;
  const isNew = ({ eventId }: SliceEvent) => {
    if (ids?.has(eventId) || known?.isDuplicate(plan, eventId, sliceMs)) return false;
    ids?.add(eventId);
    return true;
  };
  const news = events.filter(isNew);
  return news.length === events.length ? events : news;
}
