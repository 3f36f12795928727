import type { Aggregation } from "../aggregation.ts";
import {
  decodeExact,
  encodeExact,
  exactAdd,
  exactMerge,
  exactQuotient,
  exactZero,
  type ExactSum,
} from "./exact-sum.ts";

/** The sum of the inputs, rounded once, at the end: 0 where none is. */
export const sum: Aggregation<number, ExactSum> = {
  name: "sum",
  empty: 0,
  zero: exactZero,
  add(acc, input) {
    exactAdd(acc, input);
    return acc;
  },
  merge(acc, other) {
    exactMerge(acc, other);
    return acc;
  },
  output: (acc) => exactQuotient(acc),
  encode: encodeExact,
  decode: decodeExact,
  encodeInput: (input, to) => to.double(input),
  decodeInput: (from) => from.double(),
};
