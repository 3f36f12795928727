import { hasSlice, lowerBound } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/*
 * Emit on change: at a window end E a row leaves only if something entered or left one of the windows, that is
 * if slice E − s is non-empty, or slice E − s − w for some size w. Between two such ends every value stays the
 * same, and the older row stays true until its `empty_from` or a newer row.
 *
 *     L = 3 s, w = 1 s      [ x )[   )[   )[   )
 *     ends                       1    2    3    4
 *     entered                    *                  slice E − s
 *     left w                          *             slice E − s − w
 *     left L                                    *   slice E − s − L: a change point, and without
 *                                                   any other event an empty window: no row
 *
 * All functions take the slices of one key: ascending, none empty.
 */

interface Slice {
  readonly sliceMs: number;
}

/** Whether the content of some window differs between `endMs − s` and `endMs`. The window may be empty at either. */
export function isChangePoint(plan: ViewPlan, slices: readonly Slice[], endMs: number): boolean {
  const newest = endMs - plan.slideMs;
  return hasSlice(slices, newest) || plan.sizesMs.some((sizeMs) => hasSlice(slices, newest - sizeMs));
}

/** The least change point after `afterMs` (`-Infinity`: the least of all); `undefined` if none is left. */
export function nextChangePoint(
  plan: ViewPlan,
  slices: readonly Slice[],
  afterMs: number,
): number | undefined {
  let least = Infinity;
  // Slices ascend, so for each distance between a slice and its change point one slice can be the least.
  for (let i = -1; i < plan.sizesMs.length; i++) {
    const distance = plan.slideMs + (plan.sizesMs[i] ?? 0);
    const slice = slices[lowerBound(slices, afterMs - distance + 1)];
    if (slice !== undefined) least = Math.min(least, slice.sliceMs + distance);
  }
  return least === Infinity ? undefined : least;
}

/**
 * The ends whose rows an event of slice `sliceMs` makes wrong among those that have fired: every end in
 * `(sliceMs, sliceMs + L + s]` up to `firedMs` that is a change point *now*, whether or not a row left there
 * before. The last one lies outside the event's windows: there the event has just left, which nobody said yet.
 */
export function passedChangePoints(
  plan: ViewPlan,
  slices: readonly Slice[],
  sliceMs: number,
  firedMs: number,
): number[] {
  const ends: number[] = [];
  const last = Math.min(firedMs, sliceMs + plan.longestMs + plan.slideMs);
  for (let endMs = sliceMs + plan.slideMs; endMs <= last; endMs += plan.slideMs) {
    if (isChangePoint(plan, slices, endMs)) ends.push(endMs);
  }
  return ends;
}

/**
 * The ends for which early rows leave: those after `firedMs` whose newest slice `E − s` is non-empty and whose
 * window holds a touched slice. An event belongs to L / s windows and most of them end in the future: early rows
 * of those would be fragments with the newest timestamp.
 * @param touched starts of the slices that got events since the last early rows
 */
export function earlyEnds(
  plan: ViewPlan,
  slices: readonly Slice[],
  touched: readonly number[],
  firedMs: number,
): number[] {
  const ends: number[] = [];
  const past = lowerBound(slices, Math.max(...touched) + plan.longestMs);
  for (let i = lowerBound(slices, Math.min(...touched)); i < past; i++) {
    const newestMs = (slices[i] as Slice).sliceMs;
    const endMs = newestMs + plan.slideMs;
    if (endMs <= firedMs) continue;
    if (touched.some((sliceMs) => sliceMs <= newestMs && sliceMs >= endMs - plan.longestMs)) ends.push(endMs);
  }
  return ends;
}
