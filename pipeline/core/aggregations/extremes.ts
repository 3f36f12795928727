import type { Aggregation } from "../aggregation.ts";
import type { Reader } from "../bytes.ts";
import { canonicalValue, readValue, writeValue } from "../value-codec.ts";

/** What min and max compare: numbers as numbers, strings by UTF-16 units. One feature has one of the two. */
export type Comparable = number | string;

/** The least input: null where none is. */
export const min = extreme("min", (a, b) => a < b);
/** The greatest input: null where none is. */
export const max = extreme("max", (a, b) => a > b);

function extreme(
  name: string,
  beats: (a: Comparable, b: Comparable) => boolean,
): Aggregation<Comparable, Comparable | null> {
  const better = (acc: Comparable | null, input: Comparable): Comparable =>
    acc === null || beats(input, acc) ? input : acc;
  return {
    name,
    empty: null,
    zero: () => null,
    // NaN would stay or not by the order of inputs: decode lets none through.
    add: (acc, input) => (Number.isNaN(input) ? acc : better(acc, canonicalValue(input))),
    merge: (acc, other) => (other === null ? acc : better(acc, other)),
    output: (acc) => acc,
    encode: writeValue,
    decode: (from) => readValue(from) as Comparable | null,
    encodeInput: writeValue,
    decodeInput: readComparable,
  };
}

function readComparable(from: Reader): Comparable {
  return readValue(from) as Comparable;
}
