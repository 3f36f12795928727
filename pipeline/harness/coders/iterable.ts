import type { Reader, Writer } from "../../core/bytes.ts";
import { HarnessError } from "../errors.ts";
import { Coder } from "./coder.ts";

/** The rest of an iterable that a runner keeps behind its state channel, to be appended to what has been decoded. */
export interface Continuation {
  readonly token: Uint8Array;
  readonly coder: Coder<unknown>;
  readonly into: unknown[];
}

class IterableCoder<T> extends Coder<readonly T[]> {
  readonly #of: Coder<T>;
  readonly #continuations: Continuation[] | undefined;
  constructor(urn: string, of: Coder<T>, continuations: Continuation[] | undefined) {
    super(urn, [of]);
    this.#of = of;
    this.#continuations = continuations;
  }

  encode(values: readonly T[], to: Writer): void {
    to.int32be(values.length);
    for (const value of values) this.#of.encode(value, to, true);
  }

  decode(from: Reader): readonly T[] {
    const values: T[] = [];
    const length = from.int32be();
    if (length >= 0) {
      this.#read(from, length, values);
      return values;
    }
    // Of unknown length: blocks, each behind its count, up to an empty one; or up to −1 and a token for the rest.
    for (;;) {
      const count = from.varintNumber();
      if (count === 0) return values;
      if (count < 0) break;
      this.#read(from, count, values);
    }
    const token = Uint8Array.from(from.bytes(from.length()));
    if (!this.#continuations) {
      throw new HarnessError(
        "unsupported",
        "an iterable that continues behind the state channel can't be read here",
      );
    }
    this.#continuations.push({ token, coder: this.#of, into: values });
    return values;
  }

  #read(from: Reader, count: number, into: T[]): void {
    for (let i = 0; i < count; i++) into.push(this.#of.decode(from, true));
  }
}

/** URNs with this encoding; `state_backed` ones may continue behind the state channel. */
export const ITERABLE_URN = "beam:coder:iterable:v1";
export const STATE_BACKED_ITERABLE_URN = "beam:coder:state_backed_iterable:v1";

/** A sequence of values, written with its length. */
export function iterableCoder<T>(of: Coder<T>): Coder<readonly T[]> {
  return new IterableCoder(ITERABLE_URN, of, undefined);
}

/** A sequence whose rest may lie behind the state channel: whoever decodes must then complete `continuations`. */
export function stateBackedIterableCoder(
  of: Coder<unknown>,
  continuations: Continuation[],
): Coder<readonly unknown[]> {
  return new IterableCoder(STATE_BACKED_ITERABLE_URN, of, continuations);
}
