import { tickMs } from "../core/complete-through.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { bytesCoder, kvCoder, utf8Coder, varintCoder } from "../harness/coders.ts";
import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import type { Collection, Graph, KV } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";
import { jsonElementCoder } from "./element-coders.ts";
import { writeCompleteThrough } from "./store-sinks.ts";

/** All on-time rows of a view up to `completeThroughMs` are readable. */
export interface Heartbeat extends ViewRef {
  readonly completeThroughMs: number;
}

/** One loop for each view: the key is its reference as JSON, and there is no value. */
export type Loop = KV<string, Uint8Array>;
/** How loops are written. */
export const loopCoder = kvCoder(utf8Coder, bytesCoder);
const NOTHING = new Uint8Array();

/**
 * `complete_through`: a looping event-time timer a view, downstream of its acknowledged writes, of which only the
 * watermark is left. A timer at `T` fires once every row that ended at or before
 * `T` has been written.
 */
export function keepHeartbeat(
  graph: Graph,
  acknowledged: readonly { readonly plan: ViewPlan; readonly written: Collection<unknown> }[],
  to: { readonly endpoints: StoreEndpoints; readonly startMs?: number },
): void {
  const views = acknowledged.map(({ plan }) => refTo(plan));
  const start = graph.parDo<Uint8Array, Loop>(graph.impulse("heartbeat/impulse"), "heartbeat/start", {
    doFn: "start heartbeats",
    config: { views },
    output: loopCoder,
  });
  const marks = acknowledged.map(({ plan, written }) =>
    keepWatermark(graph, written, `${stageOf(plan)}/acknowledged`),
  );
  const loops = graph.flatten([start, ...marks], "heartbeat/flatten");
  const heartbeats = graph.parDo<Loop, Heartbeat>(loops, "heartbeat/loop", {
    doFn: "heartbeat",
    config: to.startMs === undefined ? {} : { startMs: to.startMs },
    output: jsonElementCoder<Heartbeat>(),
    states: { armed: { kind: "value", coder: varintCoder } },
    timers: { tick: { domain: "event", key: utf8Coder } },
  });
  writeCompleteThrough(graph, heartbeats, to.endpoints);
}

/** What is left of elements when they are dropped: their watermark, for a loop beside which it stands. */
export function keepWatermark<T>(graph: Graph, elements: Collection<T>, name: string): Collection<Loop> {
  return graph.parDo<T, Loop>(elements, name, { doFn: "keep the watermark only", output: loopCoder });
}

/** Where a loop starts: the last tick at or before the job's start. */
function firstTick(plan: ViewPlan, startMs: number): number {
  return Math.floor(startMs / tickMs(plan.slideMs)) * tickMs(plan.slideMs);
}

/** Makes the DoFns of this file known to the worker. */
export function registerHeartbeat(registry: Registry): void {
  const loopPlan = (key: string) => planOf(registry, JSON.parse(key) as ViewRef);

  registerDoFn("start heartbeats", ({ views }: { views: readonly ViewRef[] }): DoFn<Uint8Array, Loop> => ({
    process(_impulse, context) {
      for (const view of views) context.emit({ key: JSON.stringify(view), value: NOTHING });
    },
  }));

  registerDoFn("keep the watermark only", (): DoFn => ({ process: () => undefined }));

  // Without a start of its own a loop starts when it is first asked for. That moment is state: a job that is updated in
  // place, or restored, carries on from its last tick. So the graph needs no instant, and is the same each time.
  //
  // The loop never runs ahead of the clock: draining a job moves the watermark to the end of time, and a loop that
  // followed it would not end. So the tick that finds itself in the future is the last one.
  registerDoFn("heartbeat", ({ startMs }: { startMs?: number }): DoFn<Loop, Heartbeat> => ({
    process({ key }, context) {
      const armed = context.value<number>("armed");
      if (armed.read() !== undefined) return;
      const first = firstTick(loopPlan(key), startMs ?? context.now());
      armed.write(first);
      context.timer("tick").set(first);
    },
    onTimer(context) {
      const plan = loopPlan(context.key as string);
      const nowMs = context.now();
      context.emit({ ...refTo(plan), completeThroughMs: Math.min(context.fireMs, nowMs) });
      if (context.fireMs > nowMs) return;
      const next = context.fireMs + tickMs(plan.slideMs);
      context.value<number>("armed").write(next);
      context.timer("tick").set(next);
    },
  }));
}
