import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { KV } from "../harness/windowed-value.ts";

/** Names of the two DoFns inside a reshuffle, for runners that have no transform of their own for it. */
export const RESHUFFLE = { spread: "reshuffle: spread", gather: "reshuffle: gather" } as const;

/** An element and its timestamp, which a grouping would forget. */
type Stamped = KV<number | bigint>;

/**
 * Dataflow makes a bundle of each key: few keys let sinks write many rows at once, many let more workers share. As
 * many as a view has shards by default.
 */
const KEYS = 64;

/** Makes the DoFns of this file known to the worker. */
export function registerReshuffle(): void {
  registerDoFn(RESHUFFLE.spread, (): DoFn<unknown, KV<number, Stamped>> => {
    let next = 0;
    return {
      process(value, context) {
        context.emit({ key: next, value: { key: context.timestamp, value } });
        next = (next + 1) % KEYS;
      },
    };
  });

  registerDoFn(RESHUFFLE.gather, (): DoFn<KV<number, Iterable<Stamped>>> => ({
    process({ value: elements }, context) {
      for (const { key, value } of elements) context.emit(value, { timestamp: Number(key) });
    },
  }));
}
