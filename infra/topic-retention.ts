import { parseDuration } from "../pipeline/core/duration.ts";
import type { ViewPlan } from "../pipeline/core/view-plan.ts";

const MARGIN_MS = parseDuration("1h");

/**
 * How long topics must keep messages, ms: the longest window, the lateness it allows, and an hour. A new job that
 * starts cold seeks back that far, and then knows every event of the windows that are open.
 */
export function requiredTopicRetentionMs(plans: readonly ViewPlan[]): number {
  return Math.max(0, ...plans.map((plan) => plan.longestMs + plan.allowedLatenessMs)) + MARGIN_MS;
}
