import type { FeatureRow, FeatureValue, StoredRow } from "./model.ts";
import { sliceOf } from "./slices.ts";
import type { FeaturePlan, ViewPlan } from "./view-plan.ts";

/*
 * What a view says about a key at an instant t: one rule, for serving and for training.
 *
 *     closed = the newest end at or before t        cur = closed + s, the end of the window that t lies in
 *     pane   = greatest (window_end, seq, available_at) with window_end <= cur and available_at <= t
 *              and closed − L < window_end (an older one holds nothing of now)
 *     column of size w: its default where the newest event has left, that is pane.empty_from − (L − w) <= closed
 *
 * `window_end <= t` would hide every early pane until its window is over.
 */

/** Whether a column's value was computed from events or stands for their absence. */
export type ValueStatus = "PRESENT" | "DEFAULT";

export interface ColumnAnswer {
  readonly value: FeatureValue;
  readonly status: ValueStatus;
}

export interface Answer {
  /** By column, in the order of `ViewPlan.columns`. */
  readonly columns: readonly ColumnAnswer[];
  /** All on-time rows are readable only up to longer than `freshness` ago, or up to an unknown time. */
  readonly stale: boolean;
  /** The instant that the values are known to be of; `undefined` where neither a pane nor a mark says any. */
  readonly asOfMs: number | undefined;
  /** The row that answered; `undefined` where none applies any more. */
  readonly pane: FeatureRow | undefined;
}

/** The greatest window end that may answer at `tMs`: the end of the window that `tMs` lies in. */
export function currentEnd(plan: ViewPlan, tMs: number): number {
  return sliceOf(tMs, plan.slideMs) + plan.slideMs;
}

/**
 * Where the cells that may answer at `tMs` end, ms: online, the pane is the newest cell with a timestamp below it.
 * @see cellTimestampMs, which keeps the cells of a window end below the next one
 */
export function cellLimitMs(plan: ViewPlan, tMs: number): number {
  return currentEnd(plan, tMs) + plan.slideMs;
}

/** The pane that answers at `tMs` among rows of one key and generation, in any order. */
export function paneAt(plan: ViewPlan, rows: Iterable<StoredRow>, tMs: number): StoredRow | undefined {
  const limit = currentEnd(plan, tMs);
  let best: StoredRow | undefined;
  for (const row of rows) {
    if (row.windowEndMs > limit || row.availableAtMs > tMs) continue;
    if (best === undefined || isAfter(row, best)) best = row;
  }
  return best;
}

/**
 * The answer at `tMs`.
 * @param pane what `paneAt` or the newest cell below `cellLimitMs` gave
 * @param completeThroughMs the greatest `complete_through` that was readable at `tMs`; `undefined` if none was
 */
export function answer(
  plan: ViewPlan,
  pane: FeatureRow | undefined,
  tMs: number,
  completeThroughMs: number | undefined,
): Answer {
  const closedMs = sliceOf(tMs, plan.slideMs); // ends are slice starts too
  const near = pane !== undefined && pane.windowEndMs > closedMs - plan.longestMs ? pane : undefined;
  const current = near !== undefined && near.emptyFromMs > closedMs ? near : undefined;
  const columns = plan.columns.map((column, i): ColumnAnswer => {
    const hasLeft =
      current === undefined || current.emptyFromMs - (plan.longestMs - column.sizeMs) <= closedMs;
    if (!hasLeft) return { value: current.values[i] as FeatureValue, status: "PRESENT" };
    const feature = plan.features[column.feature] as FeaturePlan;
    return { value: feature.aggregation.empty, status: "DEFAULT" };
  });
  const known = [
    ...(near === undefined ? [] : [near.windowEndMs]),
    ...(completeThroughMs === undefined ? [] : [Math.min(closedMs, completeThroughMs)]),
  ];
  return {
    columns,
    stale: completeThroughMs === undefined || tMs - completeThroughMs > plan.freshnessMs,
    asOfMs: known.length === 0 ? undefined : Math.min(tMs, Math.max(...known)),
    pane: current,
  };
}

/** The order of panes: a later window first, then more events, then what was written later. */
function isAfter(a: StoredRow, b: StoredRow): boolean {
  if (a.windowEndMs !== b.windowEndMs) return a.windowEndMs > b.windowEndMs;
  if (a.seq !== b.seq) return a.seq > b.seq;
  return a.availableAtMs > b.availableAtMs;
}
