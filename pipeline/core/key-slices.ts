import type { Due } from "./agenda.ts";
import { collectionEnd } from "./retention.ts";
import { mergePartial, type SlicePartial } from "./slice-partial.ts";
import { lowerBound } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/** The live slices of one key, and the ids of the events in them. */
export class KeySlices implements Due {
  readonly key: string;
  /** Ascending, none empty. */
  readonly slices: SlicePartial[] = [];
  /** Starts of the slices that got events since the last early rows. */
  touched: number[] = [];
  dueMs: number | undefined;
  /** The newest slice that holds each id. */
  readonly #sliceOfId = new Map<string, number>();

  constructor(key: string) {
    this.key = key;
  }

  /**
   * Whether an event is the copy of one that was taken: same id, less than L apart in slices. Closer copies would
   * stand in one window together; of those further apart no window can hold two, and the state may have forgotten
   * the first. So the answer depends on the events alone, never on what has been collected.
   */
  isDuplicate(plan: ViewPlan, eventId: string, sliceMs: number): boolean {
    const newestMs = this.#sliceOfId.get(eventId);
    if (newestMs === undefined) return false;
    const isNear = (otherMs: number) => Math.abs(otherMs - sliceMs) < plan.longestMs;
    return isNear(newestMs) || this.slices.some((s) => isNear(s.sliceMs) && s.eventIds.includes(eventId));
  }

  /** Adds what new events of a slice add up to. The partial is the key's from now on. */
  merge(plan: ViewPlan, delta: SlicePartial): void {
    const { sliceMs } = delta;
    const i = lowerBound(this.slices, sliceMs);
    const slice = this.slices[i];
    if (slice?.sliceMs === sliceMs) mergePartial(plan, slice, delta);
    else this.slices.splice(i, 0, delta);
    for (const id of delta.eventIds) {
      this.#sliceOfId.set(id, Math.max(sliceMs, this.#sliceOfId.get(id) ?? sliceMs));
    }
  }

  /** Notes that a slice has news for early rows. */
  touch(sliceMs: number): void {
    if (!this.touched.includes(sliceMs)) this.touched.push(sliceMs);
  }

  /** Forgets the slices that nothing needs once `firedMs` has fired, and their ids. */
  collect(plan: ViewPlan, firedMs: number): void {
    let past = 0;
    for (const { sliceMs } of this.slices) {
      if (collectionEnd(plan, sliceMs) > firedMs) break;
      past++;
    }
    if (past === 0) return;
    const gone = this.slices.splice(0, past);
    for (const { sliceMs, eventIds } of gone) {
      for (const id of eventIds) if (this.#sliceOfId.get(id) === sliceMs) this.#sliceOfId.delete(id);
    }
    const oldestMs = this.slices[0]?.sliceMs ?? Infinity;
    this.touched = this.touched.filter((sliceMs) => sliceMs >= oldestMs);
  }
}
