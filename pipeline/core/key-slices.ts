import type { Due } from "./agenda.ts";
import { emit, type WindowContent } from "./emit.ts";
import { EventIds } from "./event-ids.ts";
import { collectionEnd, copyReachMs } from "./retention.ts";
import { mergePartial, type SlicePartial } from "./slice-partial.ts";
import { SliceRuns } from "./slice-runs.ts";
import { lowerBound } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/** Most keys have few events: until there are so many, looking through them costs less than an index. */
const FEW_EVENTS = 16;
/** Fewer slices than this have no runs worth keeping. */
const FEW_SLICES = 8;

/** Lists of keys that have nothing in them, which are many, are this one; it is never changed. */
const NONE: never[] = [];

/** The live slices of one key, and the ids of the events in them. */
export class KeySlices implements Due {
  readonly key: string;
  /** Ascending, none empty. */
  slices: SlicePartial[] = NONE;
  /** Starts of the slices that got events since the last early rows. */
  touched: readonly number[] = NONE;
  dueMs: number | undefined;
  #events = 0;
  /** Of a key with many events. */
  #ids: EventIds | undefined;
  #runs: SliceRuns | undefined;

  constructor(key: string) {
    this.key = key;
  }

  /**
   * Whether an event is the copy of one that was taken: same id, slices within `copyReachMs`. Slices live long enough that
   * the answer depends on the events alone, never on what has been collected.
   */
  isDuplicate(plan: ViewPlan, eventId: string, sliceMs: number): boolean {
    if (this.#ids !== undefined) return this.#ids.isNear(eventId, sliceMs);
    const reachMs = copyReachMs(plan);
    for (const slice of this.slices) {
      if (Math.abs(slice.sliceMs - sliceMs) < reachMs && slice.eventIds.includes(eventId)) return true;
    }
    return false;
  }

  /** Adds what new events of a slice add up to. The partial is the key's from now on. */
  merge(plan: ViewPlan, delta: SlicePartial): void {
    const { sliceMs } = delta;
    const i = lowerBound(this.slices, sliceMs);
    const slice = this.slices[i];
    if (slice?.sliceMs === sliceMs) mergePartial(plan, slice, delta);
    else if (this.slices.length === 0) this.slices = [delta];
    else this.slices.splice(i, 0, delta);
    this.#runs?.forget(plan, sliceMs);
    this.#events += delta.eventIds.length;
    if (this.#ids !== undefined) this.#ids.add(delta.eventIds, sliceMs);
    else if (this.#events > FEW_EVENTS) this.#ids = this.#indexed(plan);
  }

  /** What the window that ends at `endMs` holds. @see emit */
  content(plan: ViewPlan, endMs: number): WindowContent | undefined {
    if (this.slices.length >= FEW_SLICES) this.#runs ??= new SliceRuns();
    return emit(plan, this.slices, endMs, this.#runs);
  }

  /** Notes that a slice has news for early rows. */
  touch(sliceMs: number): void {
    if (!this.touched.includes(sliceMs)) this.touched = [...this.touched, sliceMs];
  }

  /** Notes that early rows have told all there is. */
  told(): void {
    this.touched = NONE;
  }

  /** Forgets the slices that nothing needs once `firedMs` has fired, and their ids. */
  collect(plan: ViewPlan, firedMs: number): void {
    let past = 0;
    for (let slice = this.slices[0]; slice !== undefined; slice = this.slices[++past]) {
      if (collectionEnd(plan, slice.sliceMs) > firedMs) break;
      this.#events -= slice.eventIds.length;
    }
    if (past === 0) return;
    this.slices.splice(0, past);
    const oldestMs = this.slices[0]?.sliceMs ?? Infinity;
    this.#ids?.forgetBefore(oldestMs);
    this.#runs?.forgetBefore(plan, oldestMs);
    if (this.touched.length > 0) this.touched = this.touched.filter((sliceMs) => sliceMs >= oldestMs);
  }

  #indexed(plan: ViewPlan): EventIds {
    const ids = new EventIds(copyReachMs(plan));
    for (const { eventIds, sliceMs } of this.slices) ids.add(eventIds, sliceMs);
    return ids;
  }
}
