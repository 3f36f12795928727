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

/** What mean keeps: the exact sum and the number of inputs. */
export interface MeanAccumulator {
  readonly sum: ExactSum;
  count: number;
}

/** The exact sum, rounded, divided by the number of inputs: null where none is. */
export const mean: Aggregation<number, MeanAccumulator> = {
  name: "mean",
  empty: null,
  zero: () => ({ sum: exactZero(), count: 0 }),
  add(acc, input) {
    exactAdd(acc.sum, input);
    acc.count++;
    return acc;
  },
  merge(acc, other) {
    exactMerge(acc.sum, other.sum);
    acc.count += other.count;
    return acc;
  },
  output: (acc) => (acc.count === 0 ? null : exactQuotient(acc.sum, acc.count)),
  encode(acc, to) {
    encodeExact(acc.sum, to);
    to.varint(acc.count);
  },
  decode: (from) => ({ sum: decodeExact(from), count: from.varintNumber() }),
  encodeInput: (input, to) => to.double(input),
  decodeInput: (from) => from.double(),
};
