import type { Aggregation } from "../aggregation.ts";

/** How many inputs there are, whatever they hold: 0 where none is. */
export const count: Aggregation<unknown, number> = {
  name: "count",
  empty: 0,
  zero: () => 0,
  add: (acc) => acc + 1,
  merge: (acc, other) => acc + other,
  output: (acc) => acc,
  encode: (acc, to) => to.varint(acc),
  decode: (from) => from.varintNumber(),
  encodeInput: () => undefined,
  decodeInput: () => null,
};
