import { Reader, Writer } from "../core/bytes.ts";
import { FreshetError } from "../core/errors.ts";
import type { FeatureRow, LateEvent } from "../core/model.ts";
import { collectionEnd } from "../core/retention.ts";
import { SliceMap } from "../core/slice-map.ts";
import { partialOf } from "../core/slice-partial.ts";
import { layoutOf, type ViewLayout } from "../core/view-layout.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { rowOfPane } from "../core/window-pane.ts";
import {
  bytesCoder,
  type Coder,
  coder,
  kvCoder,
  registerCoder,
  utf8Coder,
  varintCoder,
} from "../harness/coders.ts";
import type { CombineFn, Counter, DoFn } from "../harness/dofn.ts";
import { registerCombineFn, registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph, KV } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { featureRowCoder, lateEventCoder } from "./element-coders.ts";
import { Admissions, armEnd, type Live, liveShard, storeChange } from "./shard-state.ts";
import type { ShardEvents } from "./slices.ts";
import { checkLayout, planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";
import { type SlidingOptions, slidingWindows } from "./windowing.ts";
import type { EarlyRows, WindowRows, WindowsOptions } from "./window-strategy.ts";

/** A key's slice map in one window. Its coder knows no view, so what it has read is bytes until a view asks. */
type Slices = SliceMap | Uint8Array;
type KeyedSlices = KV<string, Slices>;

/** Encoding is synchronous, so one buffer serves all maps. */
const scratch = new Writer(1 << 10);

const slicesCoder: Coder<Slices> = coder<Slices>("freshet:coder:slice_map:v1", {
  encode(slices, to) {
    scratch.pos = 0;
    if (slices instanceof SliceMap) slices.encode(scratch);
    const bytes = slices instanceof SliceMap ? scratch.view() : slices;
    to.varint(bytes.length);
    to.bytes(bytes);
  },
  decode: (from) => Uint8Array.from(from.bytes(from.length())),
});
registerCoder(slicesCoder);

/** How they are written between stages. */
export const keyedSlicesCoder = kvCoder(utf8Coder, slicesCoder);

/** Thrown when each event is asked for with its row of a strategy that has no row of a single event. */
export class EachEventError extends FreshetError {
  constructor({ name }: ViewPlan) {
    const problem = `rows of each event of ${name} need strategy "timers": a trigger of "beam-windows" fires for a window`;
    super("each_event_needs_timers", problem, { view: name });
  }
}

/**
 * The sliding windows of a view, strategy `beam-windows`: Beam's own, with its own triggers.
 *
 *     batches ═▶ admit ─▶ sliding ─▶ combine ═▶ rows ─▶ global
 *                  │       L / s copies          │
 *                  ▼                             ▼ early panes that aren't of the window's newest slice: dropped
 *            late (closed)
 *
 * `admit` is the same shard as in `timers`, without the features: it alone knows ids and fired ends, so that duplicates
 * and events of collected windows are told once an event, not once a window, and before sums, which can't be undone.
 * From there on a slice's events go into the windows all together. Every window writes a row, and not only those that
 * changed: after carrying rows forward the strategies agree.
 *
 * The runner drops what comes for windows beyond its own lateness, and `admit` refuses that first, except where its
 * shard holds no slice at all: then it knows no watermark. Only a message processed more than `slack` after its publish
 * can get there, from a source whose watermark didn't wait for it; `droppedDueToLateness` counts it.
 * @throws EachEventError
 */
export function windowsByBeam(
  graph: Graph,
  batches: Collection<ShardEvents>,
  plan: ViewPlan,
  { early, eachEvent = false }: WindowsOptions,
): WindowRows {
  if (eachEvent) throw new EachEventError(plan);
  const stage = stageOf(plan);
  const config = { ...refTo(plan), layout: layoutOf(plan) };
  const admitted = graph.parDo<ShardEvents, KeyedSlices, { late: LateEvent }>(batches, `${stage}/admit`, {
    doFn: "admit",
    config: { ...config, everyEnd: early !== false },
    output: keyedSlicesCoder,
    tags: { late: lateEventCoder },
    states: { log: { kind: "bag", coder: bytesCoder } },
    timers: { end: { domain: "event", key: varintCoder } },
  });
  const sliding = graph.windowInto(admitted, `${stage}/sliding`, slidingWindows(slidingOf(plan, early)));
  const panes = graph.combinePerKey<string, Slices, Slices, Slices>(sliding, `${stage}/combine`, {
    combineFn: "slice maps",
    config,
    key: utf8Coder,
    accumulator: slicesCoder,
    output: slicesCoder,
  });
  const rows = graph.parDo<KeyedSlices, FeatureRow>(panes, `${stage}/rows`, {
    doFn: "rows of panes",
    config,
    output: featureRowCoder,
  });
  return { ...graph.windowGlobally(rows, `${stage}/global`), tags: admitted.tags };
}

/** The windows as the runner sees them. */
export function slidingOf(plan: ViewPlan, early: EarlyRows): SlidingOptions {
  const { slideMs, longestMs, allowedLatenessMs, slackMs, earlyMs } = plan;
  return {
    sizeMs: longestMs,
    periodMs: slideMs,
    // What `admit` still lets in may be behind its newest fired end by all of that, and the watermark ahead of the end
    // by a slide, and by what has passed it in a bundle.
    allowedLatenessMs: allowedLatenessMs + slackMs + 2 * slideMs,
    early: early === false || earlyMs === undefined ? "none" : early === "at once" ? early : earlyMs,
  };
}

/** What of a view remembers ids and ends, and nothing else. */
function bare(plan: ViewPlan): ViewPlan {
  return { ...plan, features: [], columns: [], sizesMs: [], earlyMs: undefined };
}

/** The CombineFn of slice maps: its inputs are maps too, of one slice each. */
export function sliceMaps(plan: ViewPlan): CombineFn<Slices, Slices, Slices> {
  const merge = (into: Slices, other: Slices): SliceMap => {
    const merged = sliceMapOf(plan, into);
    merged.merge(sliceMapOf(plan, other));
    return merged;
  };
  return { zero: () => new SliceMap(plan), add: merge, merge, output: (slices) => slices };
}

function sliceMapOf(plan: ViewPlan, slices: Slices): SliceMap {
  return slices instanceof SliceMap ? slices : SliceMap.decode(plan, new Reader(slices));
}

/** Makes the DoFns and the CombineFn of this file known to the worker. */
export function registerWindowsByBeam(registry: Registry): void {
  type Config = ViewRef & { readonly layout: ViewLayout };
  const checked = (config: Config): ViewPlan => {
    const plan = planOf(registry, config);
    checkLayout(plan, config.layout);
    return plan;
  };

  registerCombineFn("slice maps", (config: Config) => sliceMaps(checked(config)));

  registerDoFn("rows of panes", (config: Config): DoFn<KeyedSlices, FeatureRow> => {
    const plan = checked(config);
    let panes: Counter;
    return {
      setup({ metrics }) {
        panes = metrics.counter(`${stageOf(plan)}.panes`);
      },
      process({ key, value }, context) {
        const { slices } = sliceMapOf(plan, value);
        const { timing } = context.pane;
        // A runner that tells no timing fires once.
        const told = timing === "UNKNOWN" ? "ON_TIME" : timing;
        const row = rowOfPane(plan, key, slices, context.window.end, told);
        if (!row) return;
        panes.add(1);
        context.emit(row);
      },
    };
  });

  type AdmitConfig = Config & { readonly everyEnd: boolean };
  registerDoFn("admit", (config: AdmitConfig): DoFn<ShardEvents, KeyedSlices | LateEvent> => {
    const plan = checked(config);
    const memory = bare(plan);
    let admissions: Admissions;

    /**
     * Every end, while the shard holds anything, where ends come one by one: none may be unknown. What it holds at an end
     * is collected within a slice's life; with nothing due until then it has been empty, and starts anew.
     */
    function nextEnd({ shard }: Live): number | undefined {
      const nextMs = shard.nextEndMs();
      if (nextMs === undefined || !config.everyEnd) return nextMs;
      const wasEmpty = nextMs > collectionEnd(plan, shard.firedMs);
      return wasEmpty ? nextMs : Math.min(nextMs, shard.firedMs + plan.slideMs);
    }

    return {
      setup({ metrics }) {
        admissions = new Admissions(plan, metrics);
      },
      process(element, context) {
        const log = context.bag<Uint8Array>("log");
        const live = liveShard(memory, log);
        for (const { batch, result } of admissions.apply(live.shard, element, context)) {
          storeChange(log, result.log);
          if (result.applied.length === 0) continue;
          const partial = partialOf(plan, batch.sliceMs, result.applied);
          context.emit({ key: batch.key, value: SliceMap.of(plan, partial) }, { timestamp: batch.sliceMs });
        }
        armEnd(context, live, nextEnd(live));
      },
      onTimer(context) {
        const log = context.bag<Uint8Array>("log");
        const live = liveShard(memory, log);
        const endMs = context.fireMs + 1;
        live.armedMs = undefined;
        storeChange(log, live.shard.fire(endMs).log ?? live.shard.pass(endMs));
        armEnd(context, live, nextEnd(live));
      },
    };
  });
}
