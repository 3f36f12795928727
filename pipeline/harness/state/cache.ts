import type { KeyedState } from "./keyed-state.ts";

interface Entry {
  readonly state: KeyedState;
  readonly bytes: number;
}

/**
 * States of one transform under one cache token. A bundle takes out what it uses and gives it back when it has
 * committed; so a failed bundle loses what it touched, and the least recently used stands first.
 */
export class CacheScope {
  readonly name: string;
  readonly entries = new Map<string, Entry>();
  /** Set when a bundle failed: what other bundles of this scope still hold must not come back. */
  dropped = false;

  constructor(name: string) {
    this.name = name;
  }
}

/** The default bound of a worker's cached states, in approximate bytes. */
export const DEFAULT_CACHE_BYTES = 256 * 1024 * 1024;

/**
 * A worker's states from one bundle to the next, for as long as the runner's cache token holds; bounded by
 * approximate bytes. It belongs to the worker, since the bundles of one token run on different processors.
 *
 * @see https://s.apache.org/beam-fn-state-api-and-bundle-processing#heading=h.7ghoih5aig5m
 */
export class StateCache {
  readonly #limit: number;
  /** Least recently opened first. */
  readonly #scopes = new Map<string, CacheScope>();
  #bytes = 0;

  constructor(limitBytes = DEFAULT_CACHE_BYTES) {
    this.#limit = limitBytes;
  }

  /** Approximate bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What a transform kept under a token. */
  open(token: string, transformId: string): CacheScope {
    const name = `${token}\0${transformId}`;
    const scope = this.#scopes.get(name) ?? new CacheScope(name);
    this.#scopes.delete(name);
    this.#scopes.set(name, scope);
    return scope;
  }

  /** Takes a key's states out. */
  take(scope: CacheScope, id: string): KeyedState | undefined {
    const entry = scope.entries.get(id);
    if (!entry) return undefined;
    scope.entries.delete(id);
    this.#bytes -= entry.bytes;
    return entry.state;
  }

  /** Gives a committed bundle's states back; they are now the most recently used. */
  giveBack(scope: CacheScope, states: ReadonlyMap<string, KeyedState>): void {
    if (scope.dropped) return;
    if (!this.#scopes.has(scope.name)) this.#scopes.set(scope.name, scope); // emptied by eviction meanwhile
    if (this.#scopes.get(scope.name) !== scope) return;
    for (const [id, state] of states) {
      const bytes = state.approximateBytes + 2 * id.length;
      scope.entries.set(id, { state, bytes });
      this.#bytes += bytes;
    }
    if (this.#bytes > this.#limit) this.#evict();
  }

  /** Forgets all of a scope: after a failure nothing of it can be trusted. */
  drop(scope: CacheScope): void {
    scope.dropped = true;
    for (const { bytes } of scope.entries.values()) this.#bytes -= bytes;
    scope.entries.clear();
    if (this.#scopes.get(scope.name) === scope) this.#scopes.delete(scope.name);
  }

  #evict(): void {
    for (const scope of this.#scopes.values()) {
      for (const [id, { bytes }] of scope.entries) {
        if (this.#bytes <= this.#limit) return;
        scope.entries.delete(id);
        this.#bytes -= bytes;
      }
      this.#scopes.delete(scope.name);
    }
  }
}
