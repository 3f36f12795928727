import { Writer } from "./bytes.ts";
import { shardOf } from "./hash.ts";
import type { DecodedEvent } from "./model.ts";
import { type SliceEvent, writeSlice, writeSliceEvent } from "./slice-batch.ts";
import { sliceOf } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/** Events of one shard and slice: one element of the shuffle. */
export interface ShardSlice {
  readonly shard: number;
  readonly sliceMs: number;
  /** For `readSliceBatches`. */
  readonly bytes: Uint8Array;
}

/**
 * Groups the events of one bundle by slice and shard, so that the shuffle carries few elements. They are written as they
 * come, and not added up: only the shard, which remembers ids, can tell a duplicate.
 */
export class SliceGrouper {
  readonly #plan: ViewPlan;
  readonly #slices = new Map<number, Map<number, Writer>>();
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
    const plan = this.#plan;
    const sliceMs = sliceOf(event.eventTimeMs, plan.slideMs);
    let shards = this.#slices.get(sliceMs);
    if (shards === undefined) this.#slices.set(sliceMs, (shards = new Map<number, Writer>()));
    const shard = shardOf(key, plan.shards);
    let writer = shards.get(shard);
    if (writer === undefined) {
      shards.set(shard, (writer = new Writer(256)));
      writeSlice(sliceMs, writer);
    }
    writeSliceEvent(plan, sliceMs, key, toSliceEvent(plan, event), writer);
    this.#size++;
  }

  /** Hands out all groups, slice by slice, in the order of their first events, and starts over. */
  drain(): ShardSlice[] {
    const drained = [...this.#slices].flatMap(([sliceMs, shards]) =>
      Array.from(shards, ([shard, writer]) => ({ shard, sliceMs, bytes: writer.view() })),
    );
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
