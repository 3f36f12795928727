/** The graph's pure logic by itself, in this process: no Beam, no engine, no bytes between stages. */
import { replayedAvailableAt } from "../../pipeline/beam/file-sink.ts";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import type { EventPlan } from "../../pipeline/core/event-plan.ts";
import { featureJson } from "../../pipeline/core/feature-json.ts";
import { assign } from "../../pipeline/core/lateness.ts";
import type { DecodedEvent, FeatureRow, PubsubMessage } from "../../pipeline/core/model.ts";
import { Shard } from "../../pipeline/core/shard.ts";
import { readSliceBatches } from "../../pipeline/core/slice-batch.ts";
import { SliceGrouper } from "../../pipeline/core/slice-grouper.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";

/** Events that are grouped at once, as in a long bundle of the graph. */
const GROUPED = 20_000;

/** The events of messages. */
export function decodeAll(event: EventPlan, messages: readonly PubsubMessage[]): DecodedEvent[] {
  const decode = createDecoder(event);
  const events: DecodedEvent[] = [];
  for (const message of messages) {
    const result = decode(message);
    if (!isDeadLetter(result)) events.push(result);
  }
  return events;
}

/** All rows of a view, as a replay makes them: everything is applied, then every end fires. */
export function windowRows(defined: ViewPlan, events: readonly DecodedEvent[]): FeatureRow[] {
  const plan: ViewPlan = { ...defined, earlyMs: undefined };
  const grouper = new SliceGrouper(plan);
  const shards = new Map<number, Shard>();
  const apply = () => {
    for (const { shard: number, bytes } of grouper.drain()) {
      let shard = shards.get(number);
      if (shard === undefined) shards.set(number, (shard = new Shard(plan)));
      for (const batch of readSliceBatches(plan, bytes)) shard.apply(batch);
    }
  };
  for (const event of events) {
    const assignment = assign(plan, event);
    if (assignment.outcome === "candidate") grouper.add(assignment.key, event);
    if (grouper.size >= GROUPED) apply();
  }
  apply();
  const rows: FeatureRow[] = [];
  for (const shard of shards.values()) {
    for (let endMs; (endMs = shard.nextEndMs()) !== undefined;) {
      for (const row of shard.fire(endMs).rows) rows.push(row);
    }
  }
  return rows;
}

/** Length of what a replay writes of rows. */
export function writtenLength(plan: ViewPlan, rows: readonly FeatureRow[]): number {
  let length = 0;
  for (const row of rows) {
    const availableAtMs = replayedAvailableAt(plan, row);
    length += JSON.stringify(
      featureJson(plan, { ...row, availableAtMs, generation: 0, origin: "backfill" }),
    ).length;
  }
  return length;
}
