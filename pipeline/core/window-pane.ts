import { emit, toRow } from "./emit.ts";
import type { FeatureRow, PaneTiming } from "./model.ts";
import type { SlicePartial } from "./slice-partial.ts";
import type { ViewPlan } from "./view-plan.ts";

/**
 * The row of a pane that a runner's trigger let go; `undefined` where none leaves. On-time and late panes always
 * leave. An early one does only if its window's newest slice `E − s` holds an event: an event belongs to L / s windows
 * and most of them end in the future, where early rows would be fragments with the newest timestamp.
 *
 *     slices      [ a )[ b )[   )[   )
 *     ends                  1    2    3      early rows leave at 1 (slice b is its newest), none at 2 and 3
 *
 * @param slices of the key in the window, ascending, none empty
 */
export function rowOfPane(
  plan: ViewPlan,
  key: string,
  slices: readonly SlicePartial[],
  endMs: number,
  timing: PaneTiming,
): FeatureRow | undefined {
  if (timing === "EARLY" && slices.at(-1)?.sliceMs !== endMs - plan.slideMs) return undefined;
  const content = emit(plan, slices, endMs);
  return content && toRow(plan, key, content, timing);
}
