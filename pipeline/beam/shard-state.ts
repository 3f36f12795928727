import type { LateEvent } from "../core/model.ts";
import { type Applied, type LogChange, Shard } from "../core/shard.ts";
import { readSliceBatches, type SliceBatch, type SliceEvent } from "../core/slice-batch.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { BagState, Counter, ElementContext, Metrics } from "../harness/dofn.ts";
import type { ShardEvents } from "./slices.ts";
import { stageOf } from "./view-ref.ts";

/*
 * What both window strategies do with a shard's state, which is one bag, the log of `core/shard.ts`; the folded shard
 * is what a worker keeps of it.
 */

/** A shard in a worker's memory, and the end that its timer is known to be armed at. */
export interface Live {
  readonly shard: Shard;
  armedMs: number | undefined;
  earlyArmed: boolean;
}

/** The shard whose log this is: the one in memory, or, after a cold read, folded anew. */
export function liveShard(plan: ViewPlan, log: BagState<Uint8Array>): Live {
  return log.folded((entries): Live => {
    // What the log leaves dirty has its early timer armed; arming it again at each cold read would put it off for
    // ever. The end timer may be set to what it is already.
    const shard = Shard.fold(plan, entries);
    return { shard, armedMs: undefined, earlyArmed: shard.isDirty };
  });
}

/** Makes a shard's change of its log in the bag. */
export function storeChange(log: BagState<Uint8Array>, change: LogChange | undefined): void {
  if (change?.kind === "replace") log.replace([change.entry]);
  else if (change) log.add(change.entry);
}

/** Arms the timer `end`, and the hold with it, one millisecond before an end; clears it for `undefined`. */
export function armEnd(context: ElementContext<unknown>, live: Live, nextMs: number | undefined): void {
  if (nextMs === live.armedMs) return;
  if (nextMs === undefined) context.timer("end").clear();
  else context.timer("end").set(nextMs - 1);
  live.armedMs = nextMs;
}

/** Counts what becomes of candidates, and tells of those that came too late: each once, whatever the strategy. */
export class Admissions {
  readonly #plan: ViewPlan;
  readonly #counters: Record<"applied" | "duplicate" | "closed", Counter>;

  constructor(plan: ViewPlan, metrics: Metrics) {
    const stage = stageOf(plan);
    this.#plan = plan;
    this.#counters = {
      applied: metrics.counter(`${stage}.applied`),
      duplicate: metrics.counter(`${stage}.duplicate`),
      closed: metrics.counter(`${stage}.window_closed`),
    };
  }

  /**
   * Applies an element's events to its shard, key by key as they are asked for. Those whose windows were collected leave
   * at `late`, or are only counted.
   * @param [each=false] see `Shard.apply`
   */
  *apply(
    shard: Shard,
    element: ShardEvents,
    context: ElementContext<LateEvent>,
    each?: boolean,
  ): Generator<{ readonly batch: SliceBatch; readonly result: Applied }> {
    for (const batch of readSliceBatches(this.#plan, element.value)) {
      const result = shard.apply(batch, each);
      this.#counters.applied.add(result.applied.length);
      this.#counters.duplicate.add(result.duplicates);
      this.#counters.closed.add(result.closed.length);
      if (this.#plan.latePolicy === "side-output") {
        for (const event of result.closed)
          context.emit(closedEvent(this.#plan.name, batch.key, event), { tag: "late" });
      }
      yield { batch, result };
    }
  }
}

/** An event that came after its windows were collected. Its record is gone here: the raw archive has it. */
function closedEvent(view: string, key: string, event: SliceEvent): LateEvent {
  const { eventId, messageId, eventTimeMs, publishTimeMs } = event;
  const times = { eventTimeMs, rawEventTimeMs: eventTimeMs, publishTimeMs, deliveredTimeMs: publishTimeMs };
  return {
    view,
    reason: "window_closed",
    key,
    event: { eventId, messageId, ...times, clamped: false, value: {} },
  };
}
