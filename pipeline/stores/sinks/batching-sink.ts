import type { BundleContext, DoFn, ElementContext, OutputOptions, SetupContext } from "../../harness/dofn.ts";
import { InFlight, type InFlightLimits } from "../in-flight.ts";

/** What a written element leads to. */
export interface Output<O> {
  readonly value: O;
  /** @default the main output */
  readonly tag?: string;
}

/** An element with what the store gets for it. */
export interface Prepared<I, E> {
  readonly element: I;
  readonly entry: E;
}

/** How one kind of sink writes. Made anew for each DoFn instance, when it is set up. */
export interface BatchWriter<I, E, O> {
  readonly limits: InFlightLimits;
  readonly prepare: (element: I) => E;
  /** Bytes that the entry takes in a request. */
  readonly sizeOf: (entry: E) => number;
  /**
   * Writes a batch and returns when the store has acknowledged all of it; `now` gives processing time, epoch ms.
   * @returns the output of each element, in order; `undefined` for none
   */
  readonly write: (
    batch: readonly Prepared<I, E>[],
    now: () => number,
  ) => Promise<readonly (Output<O> | undefined)[]>;
}

/** An element on its way, and where it stood in event time. */
interface Entry<I, E> extends Prepared<I, E> {
  readonly place: OutputOptions;
}

/** What an element led to, and where it belongs. */
interface Written<O> {
  readonly output: Output<O>;
  readonly place: OutputOptions;
}

/**
 * A sink that writes micro-batches while a bundle's elements still come. It holds `process` back only while the
 * store is behind. What a batch leads to is emitted once the store has acknowledged it, and `finishBundle` waits for the
 * last one: so nothing downstream, and no commit of the bundle, is ahead of the store.
 */
export function batchingSink<I, E, O>(setUp: (context: SetupContext) => BatchWriter<I, E, O>): DoFn<I, O> {
  let writer: BatchWriter<I, E, O> | undefined;
  let flight: InFlight<Entry<I, E>> | undefined;
  /** Acknowledged and not yet emitted. */
  let written: Written<O>[] = [];

  /** Soon after the acknowledgement: what a whole bundle keeps would grow old in memory, and dear to collect. */
  function emitWritten(context: BundleContext<O>): void {
    for (const { output, place } of written) {
      const { value, tag } = output;
      context.emit(value, tag === undefined ? place : { ...place, tag });
    }
    written.length = 0;
  }

  return {
    setup(context) {
      writer = setUp(context);
    },
    startBundle(context: BundleContext<O>) {
      const { limits, sizeOf, write } = ready(writer);
      const ofBundle: typeof written = [];
      const send = async (batch: readonly Entry<I, E>[]) => {
        for (const [i, output] of (await write(batch, () => context.now())).entries()) {
          if (output !== undefined) ofBundle.push({ output, place: (batch[i] as Entry<I, E>).place });
        }
      };
      flight = new InFlight(send, ({ entry }) => sizeOf(entry), limits);
      written = ofBundle;
    },
    process(element: I, context: ElementContext<O>) {
      emitWritten(context);
      const { timestamp, windows, pane } = context;
      const place = { timestamp, windows, pane };
      return ready(flight).add({ element, entry: ready(writer).prepare(element), place });
    },
    async finishBundle(context: BundleContext<O>) {
      await ready(flight).drain();
      emitWritten(context);
    },
  };
}

function ready<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error("a sink was used before it was set up");
  return thing;
}
