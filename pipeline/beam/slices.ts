import { SliceGrouper } from "../core/slice-grouper.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { bytesCoder, kvCoder, varintCoder } from "../harness/coders.ts";
import type { BundleContext, DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import { GLOBAL_WINDOWS } from "../harness/windowed-value.ts";
import type { Candidate } from "./assign.ts";
import type { Collection, Graph, KV } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";

/** A shard's number, and events of it in one slice, as `SliceGrouper` writes them. */
export type ShardEvents = KV<number, Uint8Array>;

/** Keys of the shuffle: a shard's number. Small ones only, so the decoder's bigints don't occur. */
export const shardCoder = kvCoder(varintCoder, bytesCoder);

/**
 * Groups the events of a bundle by shard and slice, before the one shuffle, which they cross as one element: what an
 * element costs the runner would else be most of what an event does. Events keep their identity, since only the shard
 * that remembers their ids can tell a duplicate.
 */
export function groupSlices(
  graph: Graph,
  candidates: Collection<Candidate>,
  plan: ViewPlan,
): Collection<ShardEvents> {
  return graph.parDo(candidates, `${stageOf(plan)}/slices`, {
    doFn: "slices",
    config: refTo(plan),
    output: shardCoder as never,
  });
}

/** Events that a bundle may hold back before it hands them on. */
const MAX_HELD = 20_000;

/** Makes the DoFn of this file known to the worker. */
export function registerSlices(registry: Registry): void {
  registerDoFn("slices", (ref: ViewRef): DoFn<Candidate, ShardEvents> => {
    const plan = planOf(registry, ref);
    const grouper = new SliceGrouper(plan);
    const flush = (context: BundleContext<ShardEvents>) => {
      for (const { shard, sliceMs, bytes } of grouper.drain()) {
        // At the slice's start: never behind what the elements allowed, and the same for any grouping.
        context.emit({ key: shard, value: bytes }, { timestamp: sliceMs, windows: GLOBAL_WINDOWS });
      }
    };
    return {
      startBundle() {
        grouper.drain(); // a bundle that failed left its events here
      },
      process({ key, event }, context) {
        grouper.add(key, event);
        if (grouper.size >= MAX_HELD) flush(context);
      },
      finishBundle: flush,
    };
  });
}
