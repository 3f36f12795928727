import { formatInstant } from "../core/instant.ts";
import type { ViewPlan } from "../core/view-plan.ts";

/** What every line of the log begins with that tells of a stale view: an alert counts them. */
export const STALE_VIEW = "a view is stale";

/**
 * A line for each view whose vectors are stale at `nowMs`, by the rule of the answer: nothing is known of it, or it is
 * complete only up to longer ago than it declares.
 * @param markOf up to when a view is complete, epoch ms; `undefined` where that is not known
 */
export function staleViews(
  plans: readonly ViewPlan[],
  markOf: (plan: ViewPlan) => number | undefined,
  nowMs: number,
): string[] {
  return plans.flatMap((plan) => {
    const markMs = markOf(plan);
    if (markMs !== undefined && nowMs - markMs <= plan.freshnessMs) return [];
    const known = markMs === undefined ? "not complete yet" : `complete through ${formatInstant(markMs)}`;
    const declared = `declared freshness ${String(plan.freshnessMs / 1000)} s`;
    return [`${STALE_VIEW}: ${plan.name} v${String(plan.version)} is ${known} (${declared})`];
  });
}
