import { expect, it } from "vitest";
import { STALE_VIEW, staleViews } from "../../pipeline/serving/stale-views.ts";
import { countPlan } from "../support/plans.ts";

const T = Date.UTC(2026, 2, 1, 12);
const plan = { ...countPlan({}), name: "counts", version: 3, freshnessMs: 60_000 };

it("tells a view as an answer at that instant would be stale: beyond what it declares, or of no known time", () => {
  expect(staleViews([plan], () => T - 60_000, T)).toEqual([]);
  expect(staleViews([plan], () => T - 60_001, T)).toEqual([
    `${STALE_VIEW}: counts v3 is complete through 2026-03-01T11:58:59.999Z (declared freshness 60 s)`,
  ]);
  expect(staleViews([plan, plan], () => undefined, T)).toHaveLength(2);
  expect(staleViews([plan], () => undefined, T)[0]).toContain("not complete yet");
});
