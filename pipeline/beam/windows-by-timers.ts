import type { EventRow, FeatureRow, LateEvent } from "../core/model.ts";
import type { Panes } from "../core/shard.ts";
import { layoutOf, type ViewLayout } from "../core/view-layout.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { bytesCoder, varintCoder } from "../harness/coders.ts";
import type { BagState, Counter, DoFn, ElementContext } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { checkLayout, planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";
import { eventRowCoder, featureRowCoder, lateEventCoder } from "./element-coders.ts";
import { Admissions, armEnd, type Live, liveShard, storeChange } from "./shard-state.ts";
import type { ShardEvents } from "./slices.ts";
import type { EarlyRows, WindowRows, WindowsOptions } from "./window-strategy.ts";

/**
 * The sliding windows of a view, strategy `timers`: a stateful DoFn keyed by shard. Its state is one bag, the log of
 * `core/shard.ts`; the folded shard is what a worker keeps of it. One event-time timer a shard fires, and holds the
 * watermark, one millisecond before the next end that is due; a processing-time timer lets early panes leave.
 */
export function windowsByTimers(
  graph: Graph,
  batches: Collection<ShardEvents>,
  plan: ViewPlan,
  { early, eachEvent = false }: WindowsOptions,
): WindowRows {
  const name = `${stageOf(plan)}/windows`;
  const spec = {
    doFn: "windows by timers",
    config: { ...refTo(plan), early, layout: layoutOf(plan), ...(eachEvent && { eachEvent }) },
    output: featureRowCoder,
    states: { log: { kind: "bag", coder: bytesCoder } },
    timers: {
      end: { domain: "event", key: varintCoder },
      early: { domain: "processing", key: varintCoder },
    },
  } as const;
  const tags = { late: lateEventCoder };
  return eachEvent
    ? graph.parDo<ShardEvents, FeatureRow, { late: LateEvent; each_event: EventRow }>(batches, name, {
        ...spec,
        tags: { ...tags, each_event: eventRowCoder },
      })
    : graph.parDo<ShardEvents, FeatureRow, { late: LateEvent }>(batches, name, { ...spec, tags });
}

/** Makes the DoFn of this file known to the worker. */
export function registerWindowsByTimers(registry: Registry): void {
  type Config = ViewRef & {
    readonly early: EarlyRows;
    readonly layout: ViewLayout;
    readonly eachEvent?: boolean;
  };
  type Output = FeatureRow | LateEvent | EventRow;
  registerDoFn("windows by timers", (config: Config): DoFn<ShardEvents, Output> => {
    const defined = planOf(registry, config);
    checkLayout(defined, config.layout);
    const plan = config.early === false ? { ...defined, earlyMs: undefined } : defined;
    type Context = ElementContext<Output>;
    let admissions: Admissions;
    let panesTold: Counter;

    /** Stores what changed, and sends rows on. */
    function tell(context: Context, log: BagState<Uint8Array>, panes: Panes, timestamp: number) {
      storeChange(log, panes.log);
      panesTold.add(panes.rows.length);
      for (const row of panes.rows) context.emit(row, { timestamp });
    }

    /** Arms what the new state calls for. */
    function arm(context: Context, live: Live) {
      const nextMs = live.shard.nextEndMs();
      armEnd(context, live, nextMs);
      if (plan.earlyMs === undefined || live.earlyArmed === live.shard.isDirty) return;
      // Cleared when nothing is left to tell: at the end of a bounded input, Flink waits for its hold for ever.
      if (nextMs === undefined || live.earlyArmed) context.timer("early").clear();
      else context.timer("early").set(context.now() + plan.earlyMs, nextMs - 1);
      live.earlyArmed = live.shard.isDirty;
    }

    return {
      setup({ metrics }) {
        admissions = new Admissions(plan, metrics);
        panesTold = metrics.counter(`${stageOf(plan)}.panes`);
      },
      process(element, context) {
        const log = context.bag<Uint8Array>("log");
        const live = liveShard(plan, log);
        for (const { result } of admissions.apply(live.shard, element, context, config.eachEvent)) {
          for (const told of result.each) context.emit(told, { tag: "each_event" });
          tell(context, log, result, context.timestamp);
        }
        if (config.early === "at once") tell(context, log, live.shard.early(), context.timestamp);
        arm(context, live);
      },
      onTimer(context) {
        const log = context.bag<Uint8Array>("log");
        const live = liveShard(plan, log);
        if (context.family === "early") {
          live.earlyArmed = false;
          tell(context, log, live.shard.early(), context.holdMs);
        } else {
          live.armedMs = undefined;
          tell(context, log, live.shard.fire(context.fireMs + 1), context.fireMs);
        }
        arm(context, live);
      },
    };
  });
}
