import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import { sharedReads } from "../../pipeline/serving/shared-reads.ts";
import { HeldStore } from "../support/held-store.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { E, T, testServer } from "../support/serving.ts";
import { testRow } from "../support/stores.ts";

const [purchases, items] = [features.plan("user_purchases"), features.plan("item_activity")];
const limits = { budgetMs: 1_000 };
const fraudOf = (user_id: string) => ({ keys: [{ user_id }], request: { amount_usd: 10 } });

function sharing(keysARequest = 4) {
  const store = new HeldStore();
  const took: string[] = [];
  const shared = sharedReads(store, { keysARequest, onRequest: (entity) => took.push(entity) });
  const keysAsked = () => store.reads.map(({ keys }) => keys);
  return { store, took, shared, keysAsked };
}

//   turns     | 1                      | 2        |
//   asks      | ann, bob    ann, cid   | dan      |
//   requests  |                      ann, bob, cid        dan
it("reads that come in one turn are one request, with each key once", async () => {
  const { store, took, shared, keysAsked } = sharing();
  const [first, second] = [["ann", "bob"] as const, ["ann", "cid"] as const].map((keys) =>
    shared.readViews([purchases], keys, T, limits),
  );
  await setImmediate();
  const third = shared.readViews([purchases], ["dan"], T, limits);
  await setImmediate();
  expect(keysAsked()).toEqual([["ann", "bob", "cid"], ["dan"]]);
  const panes = new Map([["ann", []]]);
  for (const { ends } of store.reads) ends.resolve(panes);
  expect([await first, await second, await third]).toEqual([panes, panes, panes]);
  expect(took).toEqual(["user", "user"]);
});

describe("a read is not shared", () => {
  it("with one of other views, or for which other cells answer", async () => {
    const { shared, keysAsked } = sharing();
    void shared.readViews([purchases], ["ann"], E - 1, limits);
    void shared.readViews([purchases], ["bob"], E, limits);
    void shared.readViews([items], ["cid"], E, limits);
    void shared.readViews([purchases], ["dan"], E + 59_999, limits);
    await setImmediate();
    expect(keysAsked()).toEqual([["ann"], ["bob", "dan"], ["cid"]]);
  });

  it("beyond the keys of a request", async () => {
    const { shared, keysAsked } = sharing(4);
    for (const keys of [["a", "b", "c"], ["d", "e"], ["f"], ["g", "h", "i", "j"]]) {
      void shared.readViews([purchases], keys, T, limits);
    }
    await setImmediate();
    // The one that has as many itself waits for no turn.
    expect(keysAsked()).toEqual([
      ["g", "h", "i", "j"],
      ["a", "b", "c", "f"],
      ["d", "e"],
    ]);
  });

  it("where it can be cancelled, so that nobody else is", async () => {
    const { store, shared, keysAsked } = sharing();
    const caller = new AbortController();
    const cancelled = shared.readViews([purchases], ["ann"], T, { ...limits, signal: caller.signal });
    const other = shared.readViews([purchases], ["bob"], T, limits);
    await setImmediate();
    expect(keysAsked()).toEqual([["ann"], ["bob"]]);
    caller.abort(new Error("given up"));
    await expect(cancelled).rejects.toThrow("given up");
    store.answer(1);
    await other;
  });
});

it("fails for all who share it, and for nobody after them", async () => {
  const { store, shared } = sharing();
  const both = ["ann", "bob"].map((key) => shared.readViews([purchases], [key], T, limits));
  await setImmediate();
  store.reads[0]?.ends.reject(new Error("gone"));
  for (const each of both) await expect(each).rejects.toThrow("gone");
  const next = shared.readViews([purchases], ["ann"], T, limits);
  await setImmediate();
  store.answer(1);
  await next;
});

describe("the server", () => {
  // The short one's time lasts beyond the turn that both come in, and is over before the store answers.
  it("keeps each caller's own deadline where they share a read, and gives that the longest", async () => {
    const store = new HeldStore();
    const { read } = await testServer(store);
    const [short, long] = ["300", "9000"].map((ms) =>
      read("fraud", fraudOf("ann"), { "Freshet-Timeout-Ms": ms }),
    );
    expect((await short)?.json.code).toBe("deadline_exceeded");
    expect(store.reads.length).toBe(1);
    expect(store.reads[0]?.budgetMs).toBeGreaterThan(300);
    store.answer();
    expect((await long)?.status).toBe(200);
  });

  it("answers each caller of a shared read with its own keys, and a row that can't be read fails its key alone", async () => {
    const store = new MemoryStore();
    for (const [i, key] of ["ann", "bob"].entries()) {
      store.write(purchases, testRow(purchases, { key, windowEndMs: E + 60_000, seq: i + 1 }));
    }
    store.unreadable.add("cid");
    const { read, request } = await testServer(store);
    const all = await Promise.all(["ann", "bob", "cid"].map((user) => read("fraud", fraudOf(user))));
    expect(store.reads.map(({ keys }) => keys)).toEqual([["ann", "bob", "cid"]]);
    const told = all.map(({ json: { results } }) => results[0]);
    expect(told.map((result) => result?.key)).toEqual([
      { user_id: "ann" },
      { user_id: "bob" },
      { user_id: "cid" },
    ]);
    expect(told.map((result) => result?.features?.["purchase_count_30m"]?.seq)).toEqual([1, 2, undefined]);
    expect(told[2]?.error?.code).toBe("unreadable_row");
    const metrics = await (await request("/metrics")).text();
    expect(metrics).toContain('freshet_store_read_seconds_count{entity="user"} 1');
  });
});
