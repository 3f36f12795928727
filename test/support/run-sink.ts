/** Runs a sink as a worker would, without one: a bundle of elements in, what it emitted out. */
import type { DoFn, ElementContext, Metrics, OutputOptions } from "../../pipeline/harness/dofn.ts";
import { TransformMetrics } from "../../pipeline/harness/metrics.ts";
import { GLOBAL_WINDOWS, NO_FIRING } from "../../pipeline/harness/windowed-value.ts";

/** What a sink emitted, with where it said it belongs. */
export interface Emitted<O> extends OutputOptions {
  readonly value: O;
}

/** A DoFn that is set up, and what it counted. */
export interface SinkRun<I, O> {
  readonly metrics: TransformMetrics;
  /**
   * @param timestampOf the elements' timestamps. @default 0
   * @param emitted where what it emits is put, for who looks at it meanwhile
   */
  bundle(
    elements: readonly I[],
    timestampOf?: (element: I) => number,
    emitted?: Emitted<O>[],
  ): Promise<Emitted<O>[]>;
  counts(): Record<string, number>;
}

/** @param now processing time, as contexts give it */
export async function runSink<I, O>(sink: DoFn<I, O>, now: () => number): Promise<SinkRun<I, O>> {
  const metrics = new TransformMetrics();
  await sink.setup?.({ metrics: metrics satisfies Metrics, transform: "sink" });
  return {
    metrics,
    async bundle(elements, timestampOf = () => 0, emitted = []) {
      const emit = (value: O, options: OutputOptions = {}) => {
        emitted.push({ value, ...options });
      };
      const afterBundleCommit = () => {
        throw new Error("sinks have nothing to do after a bundle's commit");
      };
      const context = { emit, now, afterBundleCommit };
      await sink.startBundle?.(context);
      for (const element of elements) {
        const place = { timestamp: timestampOf(element), windows: GLOBAL_WINDOWS, pane: NO_FIRING };
        await sink.process(element, { ...context, ...place } as unknown as ElementContext<O>);
      }
      await sink.finishBundle?.(context);
      return emitted;
    },
    counts: () => Object.fromEntries([...metrics.counters].map(([name, { total }]) => [name, total])),
  };
}
