import { Writer } from "../../core/bytes.ts";
import type { Bundle } from "../bundle.ts";
import type { Coder } from "../coders/coder.ts";
import { required } from "../errors.ts";
import type { Window } from "../windowed-value.ts";
import type { CacheScope } from "./cache.ts";
import { KeyedState } from "./keyed-state.ts";
import type { StateSpec } from "./keyed-state.ts";

/** The states of one transform in a bundle, by key and window: read once, written once. */
export class KeyedStates {
  readonly #transformId: string;
  readonly #specs: readonly StateSpec[];
  readonly #keyCoder: Coder<unknown>;
  readonly #stateUrl: string | undefined;
  readonly #scratch = new Writer(64);
  #bundle: Bundle | undefined;
  #scope: CacheScope | undefined;
  #states = new Map<string, KeyedState>();

  constructor(
    transformId: string,
    specs: readonly StateSpec[],
    keyCoder: Coder<unknown>,
    stateUrl: string | undefined,
  ) {
    this.#transformId = transformId;
    this.#specs = specs;
    this.#keyCoder = keyCoder;
    this.#stateUrl = specs.length > 0 ? required(stateUrl, "state endpoint in the descriptor") : undefined;
  }

  startBundle(bundle: Bundle): void {
    const token = bundle.tokens.userState;
    this.#bundle = bundle;
    this.#states = new Map();
    const cached = token !== undefined && this.#specs.length > 0;
    this.#scope = cached ? bundle.services.stateCache.open(token, this.#transformId) : undefined;
  }

  /** The states of a key in a window: this bundle's, or what a former one left, or new and not loaded. */
  of(key: unknown, window: Window): KeyedState {
    const scratch = this.#scratch;
    scratch.pos = 0;
    this.#keyCoder.encode(key, scratch, true);
    const keyId = scratch.buf.toString("latin1", 0, scratch.pos);
    const id = window.id === "" ? keyId : `${window.id.length}:${window.id}${keyId}`;
    let state = this.#states.get(id);
    if (state) return state;
    if (this.#scope) state = this.#bundle?.services.stateCache.take(this.#scope, id);
    // Not a piece of the buffers' pool: a state lives long, and would keep 64 KiB of others' bytes with its key.
    state ??= new KeyedState(this.#transformId, this.#specs, Uint8Array.from(scratch.view()), window);
    this.#states.set(id, state);
    return state;
  }

  /** Reads what is missing; `undefined` where nothing is. */
  load(states: Iterable<KeyedState>): Promise<unknown> | undefined {
    const bundle = this.#bundle;
    if (this.#stateUrl === undefined || !bundle) return undefined;
    const channel = bundle.state(this.#stateUrl);
    const loads: Promise<void>[] = [];
    for (const state of new Set(states)) {
      if (!state.loaded) loads.push(state.load(channel, bundle.instruction));
    }
    return loads.length > 0 ? Promise.all(loads) : undefined;
  }

  /** Writes this bundle's changes; resolves when the runner has taken them all. */
  async commit(): Promise<void> {
    const bundle = this.#bundle;
    if (this.#stateUrl === undefined || !bundle) return;
    const channel = bundle.state(this.#stateUrl);
    const sent: Promise<void>[] = [];
    for (const state of this.#states.values()) state.flush(channel, bundle.instruction, sent);
    await Promise.all(sent);
  }

  /** After the whole bundle has succeeded: keeps its states for the next one of its token. */
  release(): void {
    if (this.#scope) this.#bundle?.services.stateCache.giveBack(this.#scope, this.#states);
    this.#states = new Map();
  }

  /** After a failure nothing that this token cached can be trusted. */
  abort(): void {
    if (this.#scope) this.#bundle?.services.stateCache.drop(this.#scope);
    this.#states = new Map();
  }
}
