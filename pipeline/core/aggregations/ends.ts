import type { Aggregation, InputOrder } from "../aggregation.ts";
import type { FeatureValue } from "../model.ts";
import { canonicalValue, readValue, writeValue } from "../value-codec.ts";

/** What first and last keep: one input and what orders it; `undefined` where none is. */
export type EndAccumulator = (InputOrder & { readonly value: FeatureValue }) | undefined;

/** The input of the earliest event: null where none is. */
export const first = end("first", (a, b) => isBefore(a, b));
/** The input of the latest event: null where none is. */
export const last = end("last", (a, b) => isBefore(b, a));

function isBefore(a: InputOrder, b: InputOrder): boolean {
  return a.eventTimeMs === b.eventTimeMs ? a.eventId < b.eventId : a.eventTimeMs < b.eventTimeMs;
}

function end(
  name: string,
  beats: (a: InputOrder, b: InputOrder) => boolean,
): Aggregation<FeatureValue, EndAccumulator> {
  const merge = (acc: EndAccumulator, other: EndAccumulator): EndAccumulator =>
    acc === undefined || (other !== undefined && beats(other, acc)) ? other : acc;
  return {
    name,
    empty: null,
    zero: () => undefined,
    add: (acc, value, { eventTimeMs, eventId }) =>
      merge(acc, { eventTimeMs, eventId, value: canonicalValue(value) }),
    merge,
    output: (acc) => acc?.value ?? null,
    encode(acc, to) {
      to.byte(acc === undefined ? 0 : 1);
      if (acc === undefined) return;
      to.varint(acc.eventTimeMs);
      to.string(acc.eventId);
      writeValue(acc.value, to);
    },
    decode(from) {
      if (from.byte() === 0) return undefined;
      return { eventTimeMs: from.varintNumber(), eventId: from.string(), value: readValue(from) };
    },
    encodeInput: writeValue,
    decodeInput: readValue,
  };
}
