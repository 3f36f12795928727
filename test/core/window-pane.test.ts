import { describe, expect, test } from "vitest";
import type { PaneTiming } from "../../pipeline/core/model.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { addEvent, emptyPartial } from "../../pipeline/core/slice-partial.ts";
import { rowOfPane } from "../../pipeline/core/window-pane.ts";
import { countPlan, testEvent } from "../support/plans.ts";

const plan = countPlan(); // s = 10, sizes 20 and 60

const slices = [0, 10].map((sliceMs) => {
  const partial = emptyPartial(plan, sliceMs);
  addEvent(plan, partial, toSliceEvent(plan, testEvent(sliceMs)));
  return partial;
});
const seqOf = (endMs: number, timing: PaneTiming) => rowOfPane(plan, "u", slices, endMs, timing)?.seq;

describe("of a runner's panes", () => {
  //   0         10        20        30   …   70        80
  //   [  a      |  b      |         |         |         |
  //                       ▲ the newest slice is E − s at 20 alone
  test("early ones leave only where the window's newest slice holds an event", () => {
    expect([20, 30, 60, 70].map((endMs) => seqOf(endMs, "EARLY"))).toEqual([
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each(["ON_TIME", "LATE"] as const)("all leave that are %s, but none that is empty", (timing) => {
    expect([20, 30, 60, 70, 80].map((endMs) => seqOf(endMs, timing))).toEqual([2, 2, 2, 1, undefined]);
  });

  test("the row is the window's, with its timing", () => {
    expect(rowOfPane(plan, "u", slices, 30, "LATE")).toMatchObject({
      view: "purchases",
      key: "u",
      windowEndMs: 30,
      values: [1, 2],
      emptyFromMs: 80,
      timing: "LATE",
    });
  });
});
