import { endAtOrAfter } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/*
 * How long a slice lives, counted in fired ends. A message may be processed up to `slack` after its publish, and
 * published up to `allowedLateness` after its event: until then its slice takes it. It is taken whole or not at
 * all, so the slices of all its windows (up to L before it) have to live by L longer.
 *
 *     slice S      S+s       S+s+allowedLateness+slack            + L
 *     [ events )----|------- still takes events -----|-- only read --|  collected
 */

/** Whether a slice no longer takes events: its own windows might be whole no more. */
export function isClosed(plan: ViewPlan, sliceMs: number, firedMs: number): boolean {
  return firedMs > sliceMs + plan.slideMs + plan.allowedLatenessMs + plan.slackMs;
}

/** The first end whose firing makes a slice useless: no event that is still taken has a window that holds it. */
export function collectionEnd(plan: ViewPlan, sliceMs: number): number {
  const livesMs = plan.longestMs + plan.slideMs + plan.allowedLatenessMs + plan.slackMs;
  return endAtOrAfter(sliceMs + livesMs, plan.slideMs);
}
