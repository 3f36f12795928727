import type { Reader, Writer } from "./bytes.ts";
import type { FeatureValue } from "./model.ts";

/**
 * What orders the inputs of first and last: event time, ties by event id (as JavaScript compares strings).
 * Not by message id: of two copies of one event either may be read first, and the value must not tell which.
 */
export interface InputOrder {
  readonly eventTimeMs: number;
  readonly eventId: string;
}

/**
 * A commutative monoid plus a finisher. The same functions serve slices, panes, backfill and the test oracle.
 *
 * `add` and `merge` are associative and commutative *to the byte*: any merge tree over the same inputs encodes
 * to the same bytes (a property test holds it for each). They may change and return their first argument; they
 * never change `other`, nor keep a part of it that a later call would change.
 */
export interface Aggregation<In = unknown, Acc = unknown> {
  /** Stable name, part of the state's layout: `sum`, `distinct:1000`. */
  readonly name: string;
  zero(): Acc;
  add(acc: Acc, input: In, order: InputOrder): Acc;
  merge(acc: Acc, other: Acc): Acc;
  output(acc: Acc): FeatureValue;
  /** What the column holds where no event is: 0 for counts and sums, else null. Equals `output(zero())`. */
  readonly empty: FeatureValue;
  encode(acc: Acc, to: Writer): void;
  decode(from: Reader): Acc;
  encodeInput(input: In, to: Writer): void;
  decodeInput(from: Reader): In;
}
