import type { FeatureRow, FeatureValue, PaneTiming } from "./model.ts";
import type { SlicePartial } from "./slice-partial.ts";
import { lowerBound } from "./slices.ts";
import type { FeaturePlan, ViewPlan } from "./view-plan.ts";

/** What the window that ends at `windowEndMs` holds for one key: a row without its name, key and timing. */
export type WindowContent = Pick<
  FeatureRow,
  "windowEndMs" | "values" | "seq" | "maxEventTimeMs" | "maxPublishTimeMs" | "emptyFromMs"
>;

/**
 * The one function from slices to a row. Both window strategies, backfill and tests use it, so none of them can
 * differ from another in what a window holds.
 *
 *     slices      [ a )[ b )[   )[ c )[ d )
 *     L = 4 s          [------- E -------)      seq = |b| + |c| + |d|
 *     w = 2 s                    [-- E --)      its columns: merge of c and d
 *
 * @param slices of one key, ascending, none empty; those outside the window don't count
 * @param endMs the window's end
 * @returns `undefined` where `[endMs − L, endMs)` holds no event
 */
export function emit(
  plan: ViewPlan,
  slices: readonly SlicePartial[],
  endMs: number,
): WindowContent | undefined {
  const past = lowerBound(slices, endMs);
  const newest = slices[past - 1];
  if (newest === undefined || newest.sliceMs < endMs - plan.longestMs) return undefined;
  let seq = 0;
  let maxEventTimeMs = -Infinity;
  let maxPublishTimeMs = -Infinity;
  for (let i = past - 1; i >= 0; i--) {
    const slice = slices[i] as SlicePartial;
    if (slice.sliceMs < endMs - plan.longestMs) break;
    seq += slice.eventIds.length;
    maxEventTimeMs = Math.max(maxEventTimeMs, slice.maxEventTimeMs);
    maxPublishTimeMs = Math.max(maxPublishTimeMs, slice.maxPublishTimeMs);
  }
  return {
    windowEndMs: endMs,
    values: columnValues(plan, slices, past, endMs),
    seq,
    maxEventTimeMs,
    maxPublishTimeMs,
    // The first end whose window `[end − L, end)` begins after the newest slice.
    emptyFromMs: newest.sliceMs + plan.longestMs + plan.slideMs,
  };
}

/** A content with the names that make it a row. */
export function toRow(plan: ViewPlan, key: string, content: WindowContent, timing: PaneTiming): FeatureRow {
  return { view: plan.name, version: plan.version, key, ...content, timing };
}

/** Each feature goes once from the newest slice to its oldest, and leaves a value at each size on the way. */
function columnValues(
  plan: ViewPlan,
  slices: readonly SlicePartial[],
  past: number,
  endMs: number,
): FeatureValue[] {
  const values = new Array<FeatureValue>(plan.columns.length).fill(null);
  for (const [feature, columns] of columnsByFeature(plan).entries()) {
    const { aggregation } = plan.features[feature] as FeaturePlan;
    let accumulator = aggregation.zero();
    let next = past - 1;
    for (const { index, sizeMs } of columns) {
      for (; next >= 0; next--) {
        const slice = slices[next] as SlicePartial;
        if (slice.sliceMs < endMs - sizeMs) break;
        accumulator = aggregation.merge(accumulator, slice.accumulators[feature]);
      }
      values[index] = aggregation.output(accumulator);
    }
  }
  return values;
}

interface ColumnOfFeature {
  readonly index: number;
  readonly sizeMs: number;
}

const layouts = new WeakMap<ViewPlan, readonly (readonly ColumnOfFeature[])[]>();

/** The columns of each feature, by ascending size. Worked out once a plan: rows are the hot path. */
function columnsByFeature(plan: ViewPlan): readonly (readonly ColumnOfFeature[])[] {
  let layout = layouts.get(plan);
  if (layout === undefined) {
    layout = plan.features.map((_, feature) =>
      plan.columns
        .map((column, index) => ({ index, sizeMs: column.sizeMs, feature: column.feature }))
        .filter((column) => column.feature === feature)
        .sort((a, b) => a.sizeMs - b.sizeMs),
    );
    layouts.set(plan, layout);
  }
  return layout;
}
