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

/** An element of the running bundle: where it stood in event time, and what it led to once it is written. */
interface Entry<I, E, O> extends Prepared<I, E> {
  readonly place: OutputOptions;
  output: Output<O> | undefined;
}

/**
 * A sink that writes micro-batches while a bundle's elements still come. It holds `process` back only while the
 * store is behind; `finishBundle` waits for the last acknowledgement and only then emits, so that nothing downstream,
 * and no commit of the bundle, is ahead of the store.
 */
export function batchingSink<I, E, O>(setUp: (context: SetupContext) => BatchWriter<I, E, O>): DoFn<I, O> {
  let writer: BatchWriter<I, E, O> | undefined;
  let flight: InFlight<Entry<I, E, O>> | undefined;
  let entries: Entry<I, E, O>[] = [];
  return {
    setup(context) {
      writer = setUp(context);
    },
    startBundle(context: BundleContext<O>) {
      const { limits, sizeOf, write } = ready(writer);
      const send = async (batch: readonly Entry<I, E, O>[]) => {
        const outputs = await write(batch, () => context.now());
        batch.forEach((entry, i) => (entry.output = outputs[i]));
      };
      flight = new InFlight(send, ({ entry }) => sizeOf(entry), limits);
      entries = [];
    },
    process(element: I, { timestamp, windows, pane }: ElementContext<O>) {
      const place = { timestamp, windows, pane };
      const entry = { element, entry: ready(writer).prepare(element), place, output: undefined };
      entries.push(entry);
      return ready(flight).add(entry);
    },
    async finishBundle(context: BundleContext<O>) {
      await ready(flight).drain();
      for (const { output, place } of entries) {
        if (output === undefined) continue;
        const { value, tag } = output;
        context.emit(value, tag === undefined ? place : { ...place, tag });
      }
      entries = [];
    },
  };
}

function ready<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error("a sink was used before it was set up");
  return thing;
}
