import { addSums, emptySums, type EventSums, type SlicePartial } from "./slice-partial.ts";
import type { ViewPlan } from "./view-plan.ts";

/** Slices of one key that stand side by side, added up. */
export interface SliceRun {
  /** How many slices there are in it. */
  readonly slices: number;
  readonly events: number;
  readonly sums: EventSums;
}

/** A run is as long as this many slices, and begins at a multiple of it. */
const RUN_SLICES = 8;
/** A run of fewer slices saves less than it costs to keep. */
const LEAST_SLICES = 4;

/**
 * Sums of runs of a key's slices. A dense key's rows come one a slide, and each would add up all slices of its longest
 * window; by runs it adds up a few of them and the slices at both edges. Aggregations are associative to the byte, so
 * a row can't tell. What is kept follows from the slices alone: it is no state.
 */
export class SliceRuns {
  readonly #runs = new Map<number, SliceRun>();

  /**
   * The run whose newest slice is `slices[newest]`, if all of the run lies in a window.
   * @param slices of the key, ascending
   * @param startMs the window's start; @param endMs its end, not in it
   */
  endingAt(
    plan: ViewPlan,
    slices: readonly SlicePartial[],
    newest: number,
    startMs: number,
    endMs: number,
  ): SliceRun | undefined {
    const lengthMs = plan.slideMs * RUN_SLICES;
    const number = Math.floor((slices[newest] as SlicePartial).sliceMs / lengthMs);
    const beginMs = number * lengthMs;
    if (beginMs < startMs || beginMs + lengthMs > endMs) return undefined;
    const after = slices[newest + 1];
    if (after !== undefined && after.sliceMs < beginMs + lengthMs) return undefined;
    const least = slices[newest + 1 - LEAST_SLICES];
    if (least === undefined || least.sliceMs < beginMs) return undefined;
    let run = this.#runs.get(number);
    if (run === undefined) this.#runs.set(number, (run = sumDownTo(plan, slices, newest, beginMs)));
    return run;
  }

  /** Forgets the sum that holds a slice: the slice has changed. */
  forget(plan: ViewPlan, sliceMs: number): void {
    this.#runs.delete(Math.floor(sliceMs / (plan.slideMs * RUN_SLICES)));
  }

  /** Forgets the sums that hold a slice before an instant: such slices are no more. */
  forgetBefore(plan: ViewPlan, startMs: number): void {
    const lengthMs = plan.slideMs * RUN_SLICES;
    for (const number of this.#runs.keys()) if (number * lengthMs < startMs) this.#runs.delete(number);
  }
}

function sumDownTo(
  plan: ViewPlan,
  slices: readonly SlicePartial[],
  newest: number,
  beginMs: number,
): SliceRun {
  const sums = emptySums(plan);
  let events = 0;
  let next = newest;
  for (let slice = slices[next]; slice !== undefined && slice.sliceMs >= beginMs; slice = slices[--next]) {
    addSums(plan, sums, slice);
    events += slice.eventIds.length;
  }
  return { slices: newest - next, events, sums };
}
