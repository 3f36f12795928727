import { assign } from "../../pipeline/core/lateness.ts";
import type { DecodedEvent, FeatureRow } from "../../pipeline/core/model.ts";
import { Shard } from "../../pipeline/core/shard.ts";
import { readSliceBatches } from "../../pipeline/core/slice-batch.ts";
import { SliceGrouper } from "../../pipeline/core/slice-grouper.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";

/**
 * Every pane that a stream gives when its watermark is at each event's publish time: the pure shards, driven by hand.
 * What is due at the watermark fires before the next event is applied, and early rows leave at once.
 * @param events in the order of publish
 * @returns the rows in the order in which they leave, those of one instant in any order of shards
 */
export function panesOf(plan: ViewPlan, events: readonly DecodedEvent[]): FeatureRow[] {
  const shards = new Map<number, Shard>();
  const rows: FeatureRow[] = [];
  const fireDue = (watermarkMs: number) => {
    for (const shard of shards.values()) {
      for (let end = shard.nextEndMs(); end !== undefined && end <= watermarkMs; end = shard.nextEndMs())
        rows.push(...shard.fire(end).rows);
    }
  };
  const grouper = new SliceGrouper(plan);
  for (const event of events) {
    fireDue(event.publishTimeMs);
    const assigned = assign(plan, event);
    if (assigned.outcome !== "candidate") continue;
    grouper.add(assigned.key, event);
    for (const { shard: number, bytes } of grouper.drain()) {
      const shard = shards.get(number) ?? new Shard(plan);
      shards.set(number, shard);
      for (const batch of readSliceBatches(plan, bytes))
        rows.push(...shard.apply(batch).rows, ...shard.early().rows);
    }
  }
  fireDue(Infinity);
  return rows;
}
