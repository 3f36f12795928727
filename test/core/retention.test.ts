import { expect, test } from "vitest";
import { collectionEnd, isClosed } from "../../pipeline/core/retention.ts";
import { countPlan } from "../support/plans.ts";

//  s = 10, allowedLateness = 40, slack = 30, L = 60
//
//  0      10                    80                       140
//  [slice )---- takes events ---]---- is read ------------| collected
test("a slice takes events until its lateness and slack have fired, and is kept L longer", () => {
  const plan = countPlan();
  expect(isClosed(plan, 0, -Infinity)).toBe(false);
  expect(isClosed(plan, 0, 80)).toBe(false);
  expect(isClosed(plan, 0, 90)).toBe(true);
  expect(collectionEnd(plan, 0)).toBe(140);
  expect(collectionEnd(plan, -30)).toBe(110);
});

test("the end that collects is a window end, whatever the lateness", () => {
  expect(collectionEnd(countPlan({ allowedLatenessMs: 41 }), 0)).toBe(150);
  expect(collectionEnd(countPlan({ allowedLatenessMs: 0, slackMs: 0 }), 0)).toBe(70);
});
