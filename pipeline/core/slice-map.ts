import type { Reader, Writer } from "./bytes.ts";
import {
  decodePartial,
  emptyPartial,
  encodePartial,
  mergePartial,
  type SlicePartial,
} from "./slice-partial.ts";
import { lowerBound } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/**
 * The accumulator of one key and window, strategy `beam-windows`: what its applied events add up to, slice by slice,
 * so that every size of the view can be worked out from it. It is commutative and associative to the byte: any merge
 * tree over the same events encodes to the same bytes. No two parts may hold one event, since sums can't be undone:
 * duplicates are gone before it.
 */
export class SliceMap {
  readonly #plan: ViewPlan;
  readonly #slices: SlicePartial[] = [];

  constructor(plan: ViewPlan) {
    this.#plan = plan;
  }

  /** @param partial is the map's from now on */
  static of(plan: ViewPlan, partial: SlicePartial): SliceMap {
    const map = new SliceMap(plan);
    map.#slices.push(partial);
    return map;
  }

  /** Ascending, none empty. */
  get slices(): readonly SlicePartial[] {
    return this.#slices;
  }

  /** Adds all of `other`, which stays as it is. */
  merge(other: SliceMap): void {
    for (const partial of other.#slices) {
      const { sliceMs } = partial;
      const i = lowerBound(this.#slices, sliceMs);
      let own = this.#slices[i];
      if (own?.sliceMs !== sliceMs) this.#slices.splice(i, 0, (own = emptyPartial(this.#plan, sliceMs)));
      mergePartial(this.#plan, own, partial);
    }
  }

  /** Writes the map, readable with a plan of the same layout only. */
  encode(to: Writer): void {
    to.varint(this.#slices.length);
    for (const partial of this.#slices) {
      partial.eventIds.sort(); // they stand in the order of merging otherwise
      encodePartial(this.#plan, partial, to);
    }
  }

  /** Reads what `encode` wrote. @throws RangeError for bytes that end too soon */
  static decode(plan: ViewPlan, from: Reader): SliceMap {
    const map = new SliceMap(plan);
    for (let left = from.length(); left > 0; left--) map.#slices.push(decodePartial(plan, from));
    return map;
  }
}
