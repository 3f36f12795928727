import { endAtOrAfter } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/*
 * How long a slice lives, counted in fired ends. A message may be processed up to `slack` after its publish, and
 * published up to `allowedLateness` after its event: until then its slice takes it. It is taken whole or not at
 * all, so the slices of all its windows (up to L before it) have to live by L longer, and those that may have taken a copy
 * of it by the copies' reach, where that is more.
 *
 *     slice S      S+s       S+s+allowedLateness+slack            + L
 *     [ events )----|------- still takes events -----|-- only read --|  collected
 */

/**
 * Two events of one id are copies when the starts of their slices are less than this apart, ms: a multiple of the slide.
 * - Within L: closer copies would stand in one window together.
 * - Within the skew that clocks are allowed, where that is more: copies of an event share their time, unless its clock runs
 *   ahead. Then the publish time of each counts, and those may be a skew apart (see `effectiveEventTime`).
 *
 * Events of one id further apart count as two: no window holds both, and the first may be forgotten.
 */
export function copyReachMs({ longestMs, slideMs, maxClockSkewMs }: ViewPlan): number {
  return Math.max(longestMs, endAtOrAfter(maxClockSkewMs, slideMs) + slideMs);
}

/** Whether a slice no longer takes events: its own windows might be whole no more. */
export function isClosed(plan: ViewPlan, sliceMs: number, firedMs: number): boolean {
  return firedMs > sliceMs + plan.slideMs + plan.allowedLatenessMs + plan.slackMs;
}

/** The first end whose firing makes a slice useless: no event that is still taken has a window that holds it, or is its copy. */
export function collectionEnd(plan: ViewPlan, sliceMs: number): number {
  const livesMs = copyReachMs(plan) + plan.slideMs + plan.allowedLatenessMs + plan.slackMs;
  return endAtOrAfter(sliceMs + livesMs, plan.slideMs);
}
