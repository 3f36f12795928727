import type { StateKey } from "apache-beam/proto/beam_fn_api";
import { Writer } from "../../core/bytes.ts";
import type { Coder } from "../coders/coder.ts";
import type { CombineFn, CombiningState } from "../dofn.ts";
import { Cell } from "./cell.ts";

/** Accumulators that a runner may come to hold of one state before a bundle that only adds puts one in their place. */
export const MAX_ACCUMULATORS = 32;

/**
 * What a CombineFn makes of the inputs, as a bag of accumulators. What a bundle adds is one more of them, which is not
 * merged with the others; a read merges them all, and the bundle's end then puts the merged one in their place.
 */
export class CombiningCell<I = unknown, A = unknown, O = unknown>
  extends Cell<A>
  implements CombiningState<I, O>
{
  readonly #fn: CombineFn<I, A, O>;
  /** This bundle's inputs; absent after a read, which leaves a single accumulator to add to. */
  #added: { accumulator: A } | undefined;

  constructor(stateKey: StateKey, coder: Coder<A>, fn: CombineFn<I, A, O>) {
    super(stateKey, coder);
    this.#fn = fn;
  }

  add(input: I): void {
    const content = this.loadedContent();
    const [only] = content;
    if (this.cleared && content.length > 0) content[0] = this.#fn.add(only as A, input);
    else this.#added = { accumulator: this.#fn.add(this.#added?.accumulator ?? this.#fn.zero(), input) };
    this.dirty = true;
  }

  read(): O {
    this.#merge();
    const content = this.loadedContent();
    return this.#fn.output(content.length > 0 ? (content[0] as A) : this.#fn.zero());
  }

  clear(): void {
    this.content = [];
    this.#added = undefined;
    this.cleared = true;
    this.dirty = true;
  }

  #merge(): void {
    const pieces = this.#pieces();
    if (pieces.length === this.loadedContent().length && pieces.length < 2) return;
    this.content = pieces.length > 1 ? [pieces.reduce((one, other) => this.#fn.merge(one, other))] : pieces;
    this.#added = undefined;
    this.cleared = true;
    this.dirty = true;
  }

  /** Those of former bundles, then this one's. */
  #pieces(): A[] {
    return [...this.loadedContent(), ...(this.#added ? [this.#added.accumulator] : [])];
  }

  protected appended(): Uint8Array {
    if (!this.cleared && this.loadedContent().length >= MAX_ACCUMULATORS) this.#merge();
    const former = this.cleared ? 0 : this.loadedContent().length;
    this.content = this.#pieces();
    this.#added = undefined;
    const writer = new Writer(64);
    for (const accumulator of this.content.slice(former)) this.coder.encode(accumulator, writer, true);
    return writer.view();
  }
}
