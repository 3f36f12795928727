import type { StateKey } from "apache-beam/proto/beam_fn_api";
import { Reader, Writer } from "../../core/bytes.ts";
import type { StateChannel } from "../channels/state.ts";
import type { Coder } from "../coders/coder.ts";
import type { BagState, ValueState } from "../dofn.ts";

/**
 * One state of one key and window: what the runner holds, with this bundle's changes on top. The Fn API knows a
 * single kind, the bag; a value is a bag of at most one element.
 */
export abstract class Cell<T = unknown> {
  readonly stateKey: StateKey;
  protected readonly coder: Coder<T>;
  /** The content as user code sees it; `undefined` until loaded. */
  protected content: T[] | undefined;
  /** Whether this bundle replaced what the runner holds. */
  protected cleared = false;
  protected dirty = false;
  /** Encoded size of the content, as far as it has been written or read. */
  #bytes = 0;
  #runnerHasSome = true;

  constructor(stateKey: StateKey, coder: Coder<T>) {
    this.stateKey = stateKey;
    this.coder = coder;
  }

  get loaded(): boolean {
    return this.content !== undefined;
  }

  /** Roughly how much memory the content takes: objects are larger than their encoding. */
  get approximateBytes(): number {
    return 200 + 3 * this.#bytes;
  }

  async load(channel: StateChannel, instruction: string): Promise<void> {
    const data = await channel.get(instruction, this.stateKey);
    const reader = new Reader(data);
    const content: T[] = [];
    while (!reader.done) content.push(this.coder.decode(reader, true));
    this.content = content;
    this.#bytes = data.length;
    this.#runnerHasSome = data.length > 0;
  }

  /** Sends this bundle's changes, if there are any: at most one clear and one append. */
  flush(channel: StateChannel, instruction: string, sent: Promise<void>[]): void {
    if (!this.dirty) return;
    const appended = this.appended();
    if (this.cleared) {
      if (this.#runnerHasSome) sent.push(channel.clear(instruction, this.stateKey));
      this.#bytes = 0;
      this.#runnerHasSome = false;
    }
    if (appended.length > 0) {
      sent.push(channel.append(instruction, this.stateKey, appended));
      this.#bytes += appended.length;
      this.#runnerHasSome = true;
    }
    this.cleared = false;
    this.dirty = false;
  }

  /** The encoded elements to append. */
  protected abstract appended(): Uint8Array;

  protected loadedContent(): T[] {
    if (this.content === undefined) throw new Error("a state was used before it was loaded");
    return this.content;
  }
}

/** A value is encoded when the bundle ends: a write for every element costs nothing. */
export class ValueCell<T = unknown> extends Cell<T> implements ValueState<T> {
  read(): T | undefined {
    return this.loadedContent()[0];
  }

  write(value: T): void {
    this.#replace([value]);
  }

  clear(): void {
    this.#replace([]);
  }

  #replace(content: T[]): void {
    this.content = content;
    this.cleared = true;
    this.dirty = true;
  }

  protected appended(): Uint8Array {
    const writer = new Writer(64);
    for (const value of this.loadedContent()) this.coder.encode(value, writer, true);
    return writer.view();
  }
}

/** A bag's elements are encoded when they are added, so that what user code does to them later can't count twice. */
export class BagCell<T = unknown> extends Cell<T> implements BagState<T> {
  #added: Writer | undefined;
  /** Stands for the elements, which `content` holds no longer. */
  #fold: object | undefined;

  /** @throws Error once the bag has been folded */
  read(): readonly T[] {
    if (this.#fold) throw new Error("a bag that was folded keeps no elements: read what they folded to");
    return this.loadedContent();
  }

  folded<S extends object>(fold: (elements: readonly T[]) => S): S {
    if (!this.#fold) {
      this.#fold = fold(this.loadedContent());
      this.content = [];
    }
    return this.#fold as S;
  }

  add(value: T): void {
    const content = this.loadedContent();
    if (!this.#fold) content.push(value);
    this.#added ??= new Writer(64);
    this.coder.encode(value, this.#added, true);
    this.dirty = true;
  }

  replace(values: readonly T[]): void {
    this.#empty();
    for (const value of values) this.add(value);
  }

  clear(): void {
    this.#empty();
    this.#fold = undefined;
  }

  #empty(): void {
    this.content = [];
    this.#added = undefined;
    this.cleared = true;
    this.dirty = true;
  }

  protected appended(): Uint8Array {
    const bytes = this.#added?.view() ?? new Uint8Array();
    this.#added = undefined;
    return bytes;
  }
}
