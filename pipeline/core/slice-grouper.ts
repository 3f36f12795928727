import { shardOf } from "./hash.ts";
import type { DecodedEvent } from "./model.ts";
import type { SliceBatch, SliceEvent } from "./slice-batch.ts";
import { sliceOf } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/** A batch and the shard that it goes to. */
export interface ShardedBatch {
  readonly shard: number;
  readonly batch: SliceBatch;
}

/**
 * Groups the events of one bundle by (key, slice), so that the shuffle carries each key and slice once. Nothing is
 * added up yet: only the shard, which remembers ids, can tell a duplicate.
 */
export class SliceGrouper {
  readonly #plan: ViewPlan;
  readonly #batches = new Map<string, Map<number, SliceEvent[]>>();
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
    let slices = this.#batches.get(key);
    if (slices === undefined) this.#batches.set(key, (slices = new Map<number, SliceEvent[]>()));
    let events = slices.get(sliceMs);
    if (events === undefined) slices.set(sliceMs, (events = []));
    events.push(toSliceEvent(this.#plan, event));
    this.#size++;
  }

  /** Hands out all groups, in the order of their first events, and starts over. */
  drain(): ShardedBatch[] {
    const batches: ShardedBatch[] = [];
    for (const [key, slices] of this.#batches) {
      const shard = shardOf(key, this.#plan.shards);
      for (const [sliceMs, events] of slices) batches.push({ shard, batch: { key, sliceMs, events } });
    }
    this.#batches.clear();
    this.#size = 0;
    return batches;
  }
}

/** What a view keeps of an event. */
export function toSliceEvent(plan: ViewPlan, event: DecodedEvent): SliceEvent {
  const { eventId, messageId, eventTimeMs, publishTimeMs } = event;
  // A plan is bound to its own event type; the registry that pairs them is what makes this safe.
  const value = event.value as never;
  return { eventId, messageId, eventTimeMs, publishTimeMs, inputs: plan.features.map((f) => f.input(value)) };
}
