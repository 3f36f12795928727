import fc from "fast-check";
import { expect, test } from "vitest";
import { StateCache } from "../../../pipeline/harness/state/cache.ts";
import type { KeyedState } from "../../../pipeline/harness/state/keyed-state.ts";

/** A state of a given size: all that the cache looks at. */
const state = (approximateBytes: number) => ({ approximateBytes }) as unknown as KeyedState;

/** Gives states of one bundle back. */
function put(cache: StateCache, token: string, ids: readonly string[], bytes = 100): void {
  const scope = cache.open(token, "t");
  cache.giveBack(scope, new Map(ids.map((id) => [id, cache.take(scope, id) ?? state(bytes)])));
}

/** Which of the ids are held, without changing their order. */
function held(cache: StateCache, token: string, ids: readonly string[]): string[] {
  const { entries } = cache.open(token, "t");
  return ids.filter((id) => entries.has(id));
}

test("keeps what fits, and lets the least recently used go", () => {
  const cache = new StateCache(350);
  put(cache, "token", ["a", "b", "c"]);
  put(cache, "token", ["a"]); // used again
  put(cache, "token", ["d"]);
  expect(held(cache, "token", ["a", "b", "c", "d"])).toEqual(["a", "c", "d"]);
  expect(cache.bytes).toBeLessThanOrEqual(350);
});

test("of several transforms and tokens, what was opened longest ago goes first", () => {
  const cache = new StateCache(350);
  put(cache, "old token", ["a", "b"]);
  put(cache, "token", ["c"]);
  put(cache, "token", ["d"]);
  expect(held(cache, "old token", ["a", "b"])).toEqual(["b"]);
  expect(held(cache, "token", ["c", "d"])).toEqual(["c", "d"]);
});

test("a state that is larger than the whole cache is not kept", () => {
  const cache = new StateCache(350);
  put(cache, "token", ["a"], 1000);
  expect(held(cache, "token", ["a"])).toEqual([]);
  expect(cache.bytes).toBe(0);
});

test("a dropped scope takes nothing back, and a new one of its name starts empty", () => {
  const cache = new StateCache();
  put(cache, "token", ["a", "b"]);
  const open = cache.open("token", "t");
  const taken = cache.take(open, "a");
  expect(taken).toBeDefined();
  cache.drop(cache.open("token", "t"));
  expect(cache.bytes).toBe(0);
  if (taken) cache.giveBack(open, new Map([["a", taken]]));
  expect(held(cache, "token", ["a", "b"])).toEqual([]);
});

test("its bytes are always those of what it holds, and never beyond the bound", () => {
  const step = fc.record({
    token: fc.constantFrom("x", "y"),
    ids: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 }),
    bytes: fc.integer({ min: 1, max: 300 }),
    drop: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const cache = new StateCache(500);
      for (const { token, ids, bytes, drop } of steps) {
        put(cache, token, ids, bytes);
        if (drop) cache.drop(cache.open(token, "t"));
        const entries = ["x", "y"].flatMap((name) => [...cache.open(name, "t").entries.values()]);
        expect(cache.bytes).toBe(entries.reduce((sum, entry) => sum + entry.bytes, 0));
        expect(cache.bytes).toBeLessThanOrEqual(500);
      }
    }),
    { seed: 20260104, numRuns: 300 },
  );
});
