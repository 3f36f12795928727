import type { ViewPlan } from "../../pipeline/core/view-plan.ts";

/** What a key of a view gets. */
export interface KeyTraffic {
  /** Events a second that the view accepts, of one key. */
  readonly eventsPerKey: number;
}

/**
 * Rows that a key causes a second, on average, if its events come at random (a Poisson process). Keys of unequal
 * rates cause fewer than equal ones, so for real keys it is an upper bound.
 *
 * Early rows: one for each delay `early` in which something came. On time, at each window end: a row if something
 * entered (the newest slice isn't empty) or left a size smaller than the longest; what leaves the longest counts only
 * if something else is still in it. A lone event so costs 1 early row, 1 on time, and 1 for each smaller size.
 */
export function rowsPerKey(view: ViewPlan, { eventsPerKey }: KeyTraffic): number {
  const someWithin = (ms: number): number => 1 - Math.exp((-eventsPerKey * ms) / 1000);
  const early = view.earlyMs === undefined ? 0 : someWithin(view.earlyMs) / (view.earlyMs / 1000);

  const inSlice = someWithin(view.slideMs);
  const smallerSizes = view.sizesMs.length - 1;
  const unchanged = (1 - inSlice) ** (1 + smallerSizes) * (1 - inSlice * someWithin(view.longestMs));
  return early + (1 - unchanged) / (view.slideMs / 1000);
}

/** Bytes of a row in either store: names and instants around the values, and 16 for each value. */
export function rowBytes(view: ViewPlan): number {
  return 150 + 16 * view.columns.length;
}
