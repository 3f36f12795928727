import type { Aggregation } from "../aggregation.ts";
import type { Reader, Writer } from "../bytes.ts";
import { FreshetError } from "../errors.ts";
import { hash53 } from "../hash.ts";
import type { FeatureValue } from "../model.ts";
import { readValue, writeValue } from "../value-codec.ts";
import { addHash, estimateDistinct } from "./least-hashes.ts";

/**
 * What distinct keeps: all values while there are at most `limit`, from then on the `limit` least hashes. Which
 * form it has depends on the set of values alone, never on how it came together.
 */
export type DistinctAccumulator =
  { values: Set<FeatureValue>; hashes?: undefined } | { hashes: number[]; values?: undefined };

/** Thrown when distinct's bound is no whole number from 16 (below, the estimate means nothing) to 65,536. */
export class DistinctLimitError extends FreshetError {
  constructor(limit: number) {
    super("distinct_limit", `distinct's limit is ${limit}: it must be a whole number from 16 to 65536`, {
      limit,
    });
  }
}

/**
 * How many different values the inputs hold: exact up to `limit`, beyond that an estimate with a standard error
 * of 1 / √limit. 0 where no input is.
 * @param [limit=1000] 16 to 65,536; part of the name, since the state depends on it
 * @throws DistinctLimitError
 */
export function distinct(limit = 1000): Aggregation<FeatureValue, DistinctAccumulator> {
  if (!Number.isInteger(limit) || limit < 16 || limit > 65_536) throw new DistinctLimitError(limit);

  function add(acc: DistinctAccumulator, value: FeatureValue): DistinctAccumulator {
    if (acc.hashes !== undefined) addHash(acc.hashes, hashOf(value), limit);
    else acc.values.add(value);
    return bounded(acc);
  }

  function merge(acc: DistinctAccumulator, other: DistinctAccumulator): DistinctAccumulator {
    if (acc.hashes === undefined && other.hashes === undefined) {
      for (const value of other.values) acc.values.add(value);
      return bounded(acc);
    }
    const hashes = acc.hashes ?? leastHashes(acc.values);
    for (const hash of other.hashes ?? leastHashes(other.values)) addHash(hashes, hash, limit);
    return { hashes };
  }

  function bounded(acc: DistinctAccumulator): DistinctAccumulator {
    return acc.hashes === undefined && acc.values.size > limit ? { hashes: leastHashes(acc.values) } : acc;
  }

  function leastHashes(values: Iterable<FeatureValue>): number[] {
    const hashes: number[] = [];
    for (const value of values) addHash(hashes, hashOf(value), limit);
    return hashes;
  }

  return {
    name: `distinct:${limit}`,
    empty: 0,
    zero: () => ({ values: new Set() }),
    add,
    merge,
    output: (acc) => (acc.hashes === undefined ? acc.values.size : estimateDistinct(acc.hashes, limit)),
    encode,
    decode,
    encodeInput: writeValue,
    decodeInput: readValue,
  };
}

/** The type stands before the value: the number 1 is not the text "1". */
function hashOf(value: FeatureValue): number {
  return hash53(`${typeof value}:${String(value)}`);
}

function encode(acc: DistinctAccumulator, to: Writer): void {
  to.byte(acc.hashes === undefined ? 0 : 1);
  if (acc.hashes !== undefined) {
    to.varint(acc.hashes.length);
    for (const hash of acc.hashes) to.varint(hash);
    return;
  }
  to.varint(acc.values.size);
  for (const value of [...acc.values].sort(byTypeAndValue)) writeValue(value, to);
}

function decode(from: Reader): DistinctAccumulator {
  const isEstimate = from.byte() === 1;
  const size = from.length();
  if (isEstimate) return { hashes: Array.from({ length: size }, () => from.varintNumber()) };
  return { values: new Set(Array.from({ length: size }, () => readValue(from))) };
}

function byTypeAndValue(a: FeatureValue, b: FeatureValue): number {
  if (a === null || b === null || typeof a !== typeof b) return typeof a < typeof b ? -1 : 1;
  return a < b ? -1 : 1;
}
