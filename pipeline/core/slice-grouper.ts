import { shardOf } from "./hash.ts";
import type { DecodedEvent } from "./model.ts";
import type { SliceBatch, SliceEvent } from "./slice-batch.ts";
import { sliceOf } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/** Batches of one slice, and the shard that they go to: one element of the shuffle. */
export interface ShardSlice {
  readonly shard: number;
  readonly sliceMs: number;
  readonly batches: readonly SliceBatch[];
}

/** Events of one slice, by key. */
type Keys = Map<string, SliceEvent[]>;

/**
 * Groups the events of one bundle by (slice, key), so that the shuffle carries each key and slice once. Nothing is
 * added up yet: only the shard, which remembers ids, can tell a duplicate.
 */
export class SliceGrouper {
  readonly #plan: ViewPlan;
  readonly #slices = new Map<number, Keys>();
  #size = 0;

  constructor(plan: ViewPlan) {
    this.#plan = plan;
  }

  /** Number of events since the last `drain`. */
  get size(): number {
    return this.#size;
  }

  /** @param key the event's entity key in this view, as `assign` gave it */
  add(key: string, event: DecodedEvent): void {
    const sliceMs = sliceOf(event.eventTimeMs, this.#plan.slideMs);
    let keys = this.#slices.get(sliceMs);
    if (keys === undefined) this.#slices.set(sliceMs, (keys = new Map<string, SliceEvent[]>()));
    const sliceEvent = toSliceEvent(this.#plan, event);
    const events = keys.get(key);
    if (events === undefined) keys.set(key, [sliceEvent]);
    else events.push(sliceEvent);
    this.#size++;
  }

  /** Hands out all groups, slice by slice, in the order of their first events, and starts over. */
  drain(): ShardSlice[] {
    const drained = [...this.#slices].flatMap(([sliceMs, keys]) => {
      const shards = new Map<number, SliceBatch[]>();
      for (const [key, events] of keys) {
        const shard = shardOf(key, this.#plan.shards);
        const batches = shards.get(shard);
        if (batches === undefined) shards.set(shard, [{ key, sliceMs, events }]);
        else batches.push({ key, sliceMs, events });
      }
      return Array.from(shards, ([shard, batches]) => ({ shard, sliceMs, batches }));
    });
    this.#slices.clear();
    this.#size = 0;
    return drained;
  }
}

/** What a view keeps of an event. */
export function toSliceEvent(plan: ViewPlan, event: DecodedEvent): SliceEvent {
  const { eventId, messageId, eventTimeMs, publishTimeMs } = event;
  // A plan is bound to its own event type; the registry that pairs them is what makes this safe.
  const value = event.value as never;
  return { eventId, messageId, eventTimeMs, publishTimeMs, inputs: plan.features.map((f) => f.input(value)) };
}
