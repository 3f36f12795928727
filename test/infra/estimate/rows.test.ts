import { describe, expect, it } from "vitest";
import { rowsPerKey } from "../../../infra/estimate/rows.ts";
import { isChangePoint } from "../../../pipeline/core/change-points.ts";
import { features } from "../../../pipeline/features/registry.ts";

const userPurchases = features.plan("user_purchases");
const SECOND = 1000;

/** Numbers in [0, 1), always the same ones. */
function* randoms(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Rows a second of one key whose events come at random, counted window end by window end. */
function simulatedRows(eventsPerKey: number, hours: number): number {
  const random = randoms(7);
  const until = hours * 3600 * SECOND;
  const { slideMs, longestMs, earlyMs = 0 } = userPurchases;
  const slices = new Set<number>();
  const early = new Set<number>();
  for (let t = 0; t < until; t += (-Math.log(1 - random.next().value) / eventsPerKey) * SECOND) {
    slices.add(Math.floor(t / slideMs) * slideMs);
    early.add(Math.floor(t / earlyMs));
  }
  const ascending = [...slices].map((sliceMs) => ({ sliceMs }));
  let onTime = 0;
  for (let end = slideMs; end <= until; end += slideMs) {
    const hasEvents = ascending.some(({ sliceMs }) => sliceMs >= end - longestMs && sliceMs < end);
    if (hasEvents && isChangePoint(userPurchases, ascending, end)) onTime++;
  }
  return ((early.size + onTime) / until) * SECOND;
}

describe("rowsPerKey", () => {
  it("of a lone event: one early, one on time, one when it leaves the smaller size", () => {
    const eventsPerKey = 1e-9;
    expect(rowsPerKey(userPurchases, { eventsPerKey }) / eventsPerKey).toBeCloseTo(3, 3);
  });

  it("of a busy key: an early row each delay, one on time each slide", () => {
    expect(rowsPerKey(userPurchases, { eventsPerKey: 1e3 })).toBeCloseTo(1 + 1 / 60, 6);
  });

  it.each([
    [0.0002, 3000],
    [0.002, 500],
    [0.05, 30],
  ])("at %d events/s is what a simulation counts, within 10 %%", (eventsPerKey, hours) => {
    const ratio = rowsPerKey(userPurchases, { eventsPerKey }) / simulatedRows(eventsPerKey, hours);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });
});
