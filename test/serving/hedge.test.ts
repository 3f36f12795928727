import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hedged, type HedgeOptions, type HedgeOutcome } from "../../pipeline/serving/hedge.ts";
import { LatencyWindow } from "../../pipeline/serving/latency-window.ts";
import { HeldStore } from "../support/held-store.ts";
import { E, testServer } from "../support/serving.ts";

function hedging(options: Partial<HedgeOptions> = {}) {
  const [first, second] = [new HeldStore("first"), new HeldStore("second")];
  const outcomes: HedgeOutcome[] = [];
  const store = hedged(first, second, { after: 1, onOutcome: (o) => outcomes.push(o), ...options });
  const read = async (signal?: AbortSignal) => {
    const limits = { budgetMs: 60_000, ...(signal !== undefined && { signal }) };
    return [...(await store.readViews([], ["ann"], E, limits)).keys()];
  };
  return { first, second, outcomes, read };
}

describe("a read that is late", () => {
  //   first   |--------------------x cancelled
  //   second        |-------| answer
  it("is made again, and the second answer is taken where it comes first", async () => {
    const { first, second, outcomes, read } = hedging();
    const answer = read();
    await second.asked();
    second.answer();
    expect(await answer).toEqual(["second"]);
    expect(outcomes).toEqual(["won"]);
    expect([first, second].map(({ reads }) => reads[0]?.signal?.aborted)).toEqual([true, false]);
  });

  //   first   |----------| answer
  //   second        |----x cancelled
  it("is taken after all where it comes first", async () => {
    const { first, second, outcomes, read } = hedging();
    const answer = read();
    await second.asked();
    first.answer();
    expect(await answer).toEqual(["first"]);
    expect(outcomes).toEqual(["lost"]);
    expect(second.reads[0]?.signal?.aborted).toBe(true);
  });

  it("outlives the failure of the second, and fails as itself where both fail", async () => {
    const { first, second, outcomes, read } = hedging({ budget: 1 });
    const answer = read();
    await second.asked();
    second.reads[0]?.ends.reject(new Error("of the second"));
    first.answer();
    expect(await answer).toEqual(["first"]);
    const none = read();
    await second.asked(2);
    second.reads[1]?.ends.reject(new Error("of the second"));
    first.reads[1]?.ends.reject(new Error("of the first"));
    await expect(none).rejects.toThrow("of the first");
    expect(outcomes).toEqual(["lost", "failed"]);
  });

  it("is ended with its second when the caller gives up", async () => {
    const { first, second, read } = hedging();
    const caller = new AbortController();
    const answer = read(caller.signal);
    await second.asked();
    caller.abort(new Error("given up"));
    await expect(answer).rejects.toThrow("given up");
    expect([first, second].map(({ reads }) => reads[0]?.signal?.aborted)).toEqual([true, true]);
  });

  it("is made again for a twentieth of the reads at most, however many are late", async () => {
    const { first, second, outcomes, read } = hedging();
    for (let i = 0; i < 100; i++) {
      const answer = read();
      while (outcomes.length < i && second.reads.length <= outcomes.length) await setImmediate();
      while (outcomes.filter((o) => o === "over_budget").length + second.reads.length <= i)
        await setImmediate();
      first.answer(i);
      expect(await answer).toEqual(["first"]);
    }
    expect(outcomes.filter((outcome) => outcome === "lost").length).toBe(second.reads.length);
    // One to begin with, and five for a hundred reads.
    expect(second.reads.length).toBe(6);
    expect(outcomes).toHaveLength(100);
  });
});

it("a read in time, or one that fails at once, is not made again", async () => {
  const { first, second, outcomes, read } = hedging({ after: 60_000 });
  const answer = read();
  first.answer();
  expect(await answer).toEqual(["first"]);
  const failing = read();
  first.reads[1]?.ends.reject(new Error("at once"));
  await expect(failing).rejects.toThrow("at once");
  expect([second.reads, outcomes]).toEqual([[], []]);
});

describe("p95", () => {
  it("is of the last 500 times, and unknown before there are 100", () => {
    const window = new LatencyWindow(0.95);
    for (let ms = 1; ms < 100; ms++) window.add(ms);
    expect(window.quantileMs).toBeUndefined();
    window.add(100);
    expect(window.quantileMs).toBe(96);
    for (let i = 0; i < 500; i++) window.add(7);
    expect(window.quantileMs).toBe(7);
  });

  it("makes reads late by what is usual for as many keys", async () => {
    const { first, second, outcomes, read } = hedging({ after: "p95" });
    for (let i = 0; i < 100; i++) {
      const answer = read();
      first.answer(i);
      await answer;
    }
    expect(second.reads).toEqual([]);
    const late = read();
    await second.asked();
    second.answer();
    expect(await late).toEqual(["second"]);
    expect(outcomes).toEqual(["won"]);
  });
});

it("the server hedges where it is told to, and counts", async () => {
  const [first, second] = [new HeldStore("first"), new HeldStore("second")];
  const { read, request } = await testServer(first, {
    hedge: { second, after: 1 },
    limits: { keys: 10, bodyBytes: 50_000, deadlineMs: 60_000 },
  });
  const answer = read("fraud", { keys: [{ user_id: "ann" }], request: { amount_usd: 1 } });
  await second.asked();
  second.answer();
  expect((await answer).status).toBe(200);
  const metrics = await (await request("/metrics")).text();
  expect(metrics).toContain('freshet_hedged_reads_total{outcome="won"} 1');
});
