/** The oracle itself, by cases that can be checked by eye. */
import { describe, expect, test } from "vitest";
import type { FeatureRow } from "../../pipeline/core/model.ts";
import { exactSum, expand, oracle, viewOracle } from "./oracle.ts";
import { countPlan, testEvent, testPlan } from "./plans.ts";

describe("the oracle", () => {
  //  0        10        20        30   …   60        70        80
  //  [  a  b  )[        )[   c    )
  //  |-- 2 --||-- 2 20 -||- 1 ---||--- 1 -|
  test("counts by hand", () => {
    const plan = countPlan();
    const events = [testEvent(3), testEvent(6), testEvent(25)];
    expect(viewOracle(plan, events).windows.get("u")).toEqual(
      new Map([
        [10, { seq: 2, values: [2, 2] }],
        [20, { seq: 2, values: [2, 2] }],
        [30, { seq: 3, values: [1, 3] }],
        [40, { seq: 3, values: [1, 3] }],
        [50, { seq: 3, values: [0, 3] }],
        [60, { seq: 3, values: [0, 3] }],
        [70, { seq: 1, values: [0, 1] }],
        [80, { seq: 1, values: [0, 1] }],
      ]),
    );
  });

  test("puts each event in one place, and a late copy marks no id", () => {
    const plan = countPlan();
    const events = [
      testEvent(0, { eventId: "a", publishTimeMs: 50 }), // late
      testEvent(0, { eventId: "a" }),
      testEvent(5, { eventId: "a" }), // duplicate
      testEvent(0, { eventId: "a", purchase: { user_id: "v" } }), // another key
      testEvent(60, { eventId: "a" }), // L later: no window holds both
      testEvent(0, { eventId: "b", purchase: { accepted: false } }), // filtered
    ];
    const counts = { applied: 3, late: 1, window_closed: 0, filtered: 1, duplicate: 1 };
    expect(oracle([plan], events).get("purchases")?.counts).toEqual(counts);
  });

  test("knows each aggregation", () => {
    const plan = testPlan();
    const at = (timeMs: number, amount: number, country: string) =>
      testEvent(timeMs, { purchase: { amount, country } });
    const window = viewOracle(plan, [at(5, 2, "US"), at(31, 4, "DE"), at(35, 1, "US")])
      .windows.get("u")
      ?.get(40);
    expect(Object.fromEntries(plan.columns.map(({ name }, i) => [name, window?.values[i]]))).toEqual({
      n_20: 2,
      n_60: 3,
      n_abroad_20: 1,
      spend_20: 5,
      spend_60: 7,
      average_60: 7 / 3,
      least_20: 1,
      least_60: 1,
      greatest_country_60: "US",
      first_country_60: "US",
      last_amount_20: 1,
      last_amount_60: 1,
      countries_20: 2,
      countries_60: 2,
    });
  });

  test("adds exactly", () => {
    expect([
      exactSum([0.1, 0.2, 0.3]),
      exactSum([1e16, 1, -1e16]),
      exactSum([-0.5, 0.25]),
      exactSum([]),
    ]).toEqual([0.6, 1, -0.25, 0]);
  });
});

//  0    10    20    30    40    50    60    70    80
//  [ x )
//        [--- row of 10, empty from 70 ---------)
//        [ 20 ms )       the row of 30 says that x left them; without it the row of 10 would say so
test("rows stand for all windows until the next one, or until they are empty", () => {
  const plan = countPlan();
  const row: FeatureRow = {
    view: "purchases",
    version: 1,
    key: "u",
    windowEndMs: 10,
    values: [1, 1],
    seq: 1,
    maxEventTimeMs: 0,
    maxPublishTimeMs: 0,
    emptyFromMs: 70,
    timing: "ON_TIME",
  };
  const expected = viewOracle(plan, [testEvent(0)]).windows;
  expect(expand(plan, [row])).toEqual(expected);
  expect(expand(plan, [{ ...row, windowEndMs: 30, values: [0, 1] }, row])).toEqual(expected);
  // Of one window the greatest seq counts, of equal ones the last.
  const fuller = { ...row, seq: 2, values: [2, 2] };
  expect(expand(plan, [fuller, row]).get("u")?.get(10)).toEqual({ seq: 2, values: [2, 2] });
  expect(
    expand(plan, [fuller, { ...fuller, values: [3, 3] }])
      .get("u")
      ?.get(10)?.values,
  ).toEqual([3, 3]);
});
