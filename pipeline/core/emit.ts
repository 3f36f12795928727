import type { FeatureRow, FeatureValue, PaneTiming } from "./model.ts";
import type { Aggregation } from "./aggregation.ts";
import { addSumOf, addTimes, emptySums, type SlicePartial } from "./slice-partial.ts";
import type { SliceRuns } from "./slice-runs.ts";
import { lowerBound } from "./slices.ts";
import type { FeaturePlan, ViewPlan } from "./view-plan.ts";

/** What the window that ends at `windowEndMs` holds for one key: a row without its name, key and timing. */
export type WindowContent = Pick<
  FeatureRow,
  "windowEndMs" | "values" | "seq" | "maxEventTimeMs" | "maxPublishTimeMs" | "emptyFromMs"
>;

/**
 * The one function from slices to a row. Both window strategies, backfill and tests use it, so none of them can
 * differ from another in what a window holds. It goes from the newest slice to the oldest, and at each size on the
 * way the columns of that size get their values.
 *
 *     slices      [ a )[ b )[   )[ c )[ d )
 *     L = 4 s          [------- E -------)      seq = |b| + |c| + |d|
 *     w = 2 s                    [-- E --)      its columns: merge of c and d
 *
 * @param slices of one key, ascending, none empty; those outside the window don't count
 * @param endMs the window's end
 * @param runs sums of these very slices, to save adding them up again
 * @returns `undefined` where `[endMs − L, endMs)` holds no event
 */
export function emit(
  plan: ViewPlan,
  slices: readonly SlicePartial[],
  endMs: number,
  runs?: SliceRuns,
): WindowContent | undefined {
  let next = lowerBound(slices, endMs) - 1;
  const newest = slices[next];
  if (newest === undefined || newest.sliceMs < endMs - plan.longestMs) return undefined;
  const sums = emptySums(plan);
  const values = new Array<FeatureValue>(plan.columns.length).fill(null);
  let seq = 0;
  for (const { sizeMs, features, columns } of sizesOf(plan)) {
    const startMs = endMs - sizeMs;
    for (let slice = slices[next]; slice !== undefined && slice.sliceMs >= startMs; slice = slices[next]) {
      const run = runs?.endingAt(plan, slices, next, startMs, endMs);
      const part = run?.sums ?? slice;
      for (const feature of features) addSumOf(plan, feature, sums, part);
      addTimes(sums, part);
      seq += run?.events ?? slice.eventIds.length;
      next -= run?.slices ?? 1;
    }
    for (const { index, feature, output } of columns) values[index] = output(sums.accumulators[feature]);
  }
  return {
    windowEndMs: endMs,
    values,
    seq,
    maxEventTimeMs: sums.maxEventTimeMs,
    maxPublishTimeMs: sums.maxPublishTimeMs,
    // The first end whose window `[end − L, end)` begins after the newest slice.
    emptyFromMs: newest.sliceMs + plan.longestMs + plan.slideMs,
  };
}

/** A content with the names that make it a row. */
export function toRow(plan: ViewPlan, key: string, content: WindowContent, timing: PaneTiming): FeatureRow {
  return { view: plan.name, version: plan.version, key, ...content, timing };
}

/** One size of a view, on the way from the newest slice to the oldest. */
interface SizeOfView {
  readonly sizeMs: number;
  /** The features that go at least that far. */
  readonly features: readonly number[];
  /** The columns of just that size. */
  readonly columns: readonly {
    readonly index: number;
    readonly feature: number;
    readonly output: Aggregation["output"];
  }[];
}

const sizes = new WeakMap<ViewPlan, readonly SizeOfView[]>();

/** The sizes of a view, ascending. Worked out once a plan: rows are the hot path. */
function sizesOf(plan: ViewPlan): readonly SizeOfView[] {
  let known = sizes.get(plan);
  if (known === undefined) {
    known = plan.sizesMs.map((sizeMs) => ({
      sizeMs,
      features: [...plan.features.keys()].filter((feature) =>
        plan.columns.some((column) => column.feature === feature && column.sizeMs >= sizeMs),
      ),
      columns: plan.columns.flatMap((column, index) => {
        if (column.sizeMs !== sizeMs) return [];
        const { aggregation } = plan.features[column.feature] as FeaturePlan;
        return [{ index, feature: column.feature, output: (acc: unknown) => aggregation.output(acc) }];
      }),
    }));
    sizes.set(plan, known);
  }
  return known;
}
