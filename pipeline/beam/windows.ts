import { Reader } from "../core/bytes.ts";
import type { FeatureRow, LateEvent } from "../core/model.ts";
import { Shard } from "../core/shard.ts";
import { decodeSliceBatch, type SliceEvent } from "../core/slice-batch.ts";
import { layoutOf, type ViewLayout } from "../core/view-layout.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { bytesCoder, varintCoder } from "../harness/coders.ts";
import type { BagState, Counter, DoFn, ElementContext } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { checkLayout, planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";
import { featureRowCoder, lateEventCoder } from "./element-coders.ts";
import type { ShardBatch } from "./slices.ts";

/**
 * When early rows leave: a while after a change, by a timer of the clock; at once, a row an event, where a run must not
 * depend on the clock; or never, as in a bounded run, where they would leave at the moment's whim.
 */
export type EarlyRows = boolean | "at once";

/**
 * The sliding windows of a view, strategy `timers`: a stateful DoFn keyed by shard. Its state is one bag, the log of
 * `core/shard.ts`; the folded shard is what a worker keeps of it. One event-time timer a shard fires, and holds the
 * watermark, one millisecond before the next end that is due; a processing-time timer lets early panes leave.
 */
export function windowsByTimers(
  graph: Graph,
  batches: Collection<ShardBatch>,
  plan: ViewPlan,
  { early }: { readonly early: EarlyRows },
) {
  return graph.parDo<ShardBatch, FeatureRow, { late: LateEvent }>(batches, `${stageOf(plan)}/windows`, {
    doFn: "windows by timers",
    config: { ...refTo(plan), early, layout: layoutOf(plan) },
    output: featureRowCoder,
    tags: { late: lateEventCoder },
    states: { log: { kind: "bag", coder: bytesCoder } },
    timers: {
      end: { domain: "event", key: varintCoder },
      early: { domain: "processing", key: varintCoder },
    },
  });
}

/** A shard in a worker's memory, and the end that its timer is known to be armed at. */
interface Live {
  readonly shard: Shard;
  armedMs: number | undefined;
  earlyArmed: boolean;
}

/** Makes the DoFn of this file known to the worker. */
export function registerWindowsByTimers(registry: Registry): void {
  type Config = ViewRef & { readonly early: EarlyRows; readonly layout: ViewLayout };
  registerDoFn("windows by timers", (config: Config): DoFn<ShardBatch, FeatureRow | LateEvent> => {
    const defined = planOf(registry, config);
    checkLayout(defined, config.layout);
    const plan = config.early === false ? { ...defined, earlyMs: undefined } : defined;
    const stage = stageOf(plan);
    type Context = ElementContext<FeatureRow | LateEvent>;
    let counters: Record<"applied" | "duplicate" | "closed" | "panes", Counter>;

    /** Stores what changed, sends rows on, and arms what the new state calls for. */
    function settle(
      context: Context,
      live: Live,
      log: BagState<Uint8Array>,
      panes: ReturnType<Shard["early"]>,
      timestamp: number,
    ) {
      if (panes.log?.kind === "replace") log.replace([panes.log.entry]);
      else if (panes.log) log.add(panes.log.entry);
      counters.panes.add(panes.rows.length);
      for (const row of panes.rows) context.emit(row, { timestamp });
      arm(context, live);
    }

    function arm(context: Context, live: Live) {
      const nextMs = live.shard.nextEndMs();
      if (nextMs !== live.armedMs) {
        if (nextMs === undefined) context.timer("end").clear();
        else context.timer("end").set(nextMs - 1);
        live.armedMs = nextMs;
      }
      if (plan.earlyMs === undefined || live.earlyArmed === live.shard.isDirty) return;
      // Cleared when nothing is left to tell: at the end of a bounded input, Flink waits for its hold for ever.
      if (nextMs === undefined || live.earlyArmed) context.timer("early").clear();
      else context.timer("early").set(context.now() + plan.earlyMs, nextMs - 1);
      live.earlyArmed = live.shard.isDirty;
    }

    return {
      setup({ metrics }) {
        counters = {
          applied: metrics.counter(`${stage}.applied`),
          duplicate: metrics.counter(`${stage}.duplicate`),
          closed: metrics.counter(`${stage}.window_closed`),
          panes: metrics.counter(`${stage}.panes`),
        };
      },
      process({ value }, context) {
        const log = context.bag<Uint8Array>("log");
        const live = liveShard(plan, log);
        const batch = decodeSliceBatch(plan, new Reader(value));
        const applied = live.shard.apply(batch);
        counters.applied.add(applied.applied);
        counters.duplicate.add(applied.duplicates);
        counters.closed.add(applied.closed.length);
        if (applied.closed.length > 0 && plan.latePolicy === "side-output") {
          for (const event of applied.closed)
            context.emit(closedEvent(plan.name, batch.key, event), { tag: "late" });
        }
        settle(context, live, log, applied, context.timestamp);
        if (config.early === "at once") settle(context, live, log, live.shard.early(), context.timestamp);
      },
      onTimer(context) {
        const log = context.bag<Uint8Array>("log");
        const live = liveShard(plan, log);
        if (context.family === "early") {
          live.earlyArmed = false;
          settle(context, live, log, live.shard.early(), context.holdMs);
        } else {
          live.armedMs = undefined;
          settle(context, live, log, live.shard.fire(context.fireMs + 1), context.fireMs);
        }
      },
    };
  });
}

/** The shard whose log this is: the one in memory, or, after a cold read, folded anew. */
function liveShard(plan: ViewPlan, log: BagState<Uint8Array>): Live {
  return log.folded((entries): Live => {
    // What the log leaves dirty has its early timer armed; arming it again at each cold read would put it off for
    // ever. The end timer may be set to what it is already.
    const shard = Shard.fold(plan, entries);
    return { shard, armedMs: undefined, earlyArmed: shard.isDirty };
  });
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
