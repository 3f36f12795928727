import { describe, expect, test } from "vitest";
import { assign, effectiveEventTime } from "../../pipeline/core/lateness.ts";
import { testEvent, testPlan } from "../support/plans.ts";

const plan = testPlan({ allowedLatenessMs: 40, slackMs: 30 });

describe("an event, in one view,", () => {
  //  event time      + allowedLateness
  //  100                  140  141
  //   |--- candidate ------]    late
  test.each([
    [100, "candidate"],
    [140, "candidate"],
    [141, "late"],
  ])("of 100, published at %d, is %s", (publishTimeMs, outcome) => {
    expect(assign(plan, testEvent(100, { publishTimeMs })).outcome).toBe(outcome);
  });

  test("has its key, and its reason when late", () => {
    expect(assign(plan, testEvent(0))).toEqual({ outcome: "candidate", key: "u" });
    expect(assign(plan, testEvent(0, { publishTimeMs: 41 }))).toEqual({
      outcome: "late",
      key: "u",
      reason: "late",
    });
  });

  test("that the view's filter refuses is filtered, however late", () => {
    const event = testEvent(0, { publishTimeMs: 99, purchase: { accepted: false } });
    expect(assign(plan, event)).toEqual({ outcome: "filtered" });
  });

  // A redriven message keeps its first publish time, so it isn't late; but its windows may be gone.
  test.each([
    [40, "candidate"],
    [41, "late"],
  ])("first published at 10 and again at %d is %s", (deliveredTimeMs, outcome) => {
    const assignment = assign(plan, testEvent(0, { publishTimeMs: 10, deliveredTimeMs }));
    expect(assignment).toMatchObject(outcome === "late" ? { outcome, reason: "window_closed" } : { outcome });
  });
});

describe("a producer's clock", () => {
  test.each([
    [90, { eventTimeMs: 90, clamped: false }],
    [100, { eventTimeMs: 100, clamped: false }],
    [101, { eventTimeMs: 100, clamped: true }],
    [160, { eventTimeMs: 100, clamped: true }],
    [161, undefined],
  ])("that says %d at publish time 100, with a skew of 60", (rawMs, expected) => {
    expect(effectiveEventTime(rawMs, 100, 60)).toEqual(expected);
  });
});
