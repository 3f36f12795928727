import { describe, expect, it } from "vitest";
import { answer, type Answer } from "../../pipeline/core/answer.ts";
import { featureVector } from "../../pipeline/core/feature-vector.ts";
import type { FeatureValue } from "../../pipeline/core/model.ts";
import type { MissingPolicy, ServicePlan } from "../../pipeline/core/service-plan.ts";
import { countPlan } from "../support/plans.ts";
import { testRow } from "../support/stores.ts";

/** Columns n_20 and n_60: the last 20 and 60 ms, in slides of 10 ms. */
const view = countPlan();
const E = 1_000;

function service(changes: Partial<ServicePlan> = {}, missing: MissingPolicy = "default"): ServicePlan {
  const columns = view.columns.map(({ name }, column) => ({ name, view: 0, column, missing }));
  return { name: "s", version: 1, views: [view], keyFields: ["user_id"], columns, onDemand: [], ...changes };
}

//   E−60                    E−20     E        E+20 (t)
//    [── n_60 ────────────────────────)─ … ────)
//                      x                           the pane's one event: out of n_20 at t, within n_60
//
const pane = testRow(view, { windowEndMs: E, values: [0, 4], seq: 4, emptyFromMs: E + 50 });
const T = E + 20;
const present = answer(view, pane, T, T - 1);
const absent = answer(view, undefined, T, undefined);

const vector = (plan: ServicePlan, answers: readonly Answer[], request: unknown = {}) =>
  featureVector(plan, answers, request, T);
const values = (plan: ServicePlan, answers: readonly Answer[], request: unknown = {}) =>
  vector(plan, answers, request) as unknown as { features: { name: string; value: FeatureValue }[] };

describe("a feature vector", () => {
  it("says of each stored feature what the view's answer says", () => {
    const { stale, asOfMs } = present;
    expect({ stale, asOfMs }).toEqual({ stale: false, asOfMs: T - 1 });
    expect(vector(service(), [present])).toEqual({
      features: [
        { name: "n_20", value: 0, status: "DEFAULT", stale, asOfMs, seq: 4 },
        { name: "n_60", value: 4, status: "PRESENT", stale, asOfMs, seq: 4 },
      ],
    });
    expect(vector(service(), [absent])).toMatchObject({
      features: [
        { value: 0, status: "DEFAULT", stale: true, asOfMs: undefined, seq: 0 },
        { value: 0, status: "DEFAULT", stale: true, asOfMs: undefined, seq: 0 },
      ],
    });
  });

  it.each([
    ["default", [0, 4]],
    ["null", [null, 4]],
  ] as const)("serves what is missing by the policy %s", (policy, expected) => {
    expect(values(service({}, policy), [present]).features.map(({ value }) => value)).toEqual(expected);
  });

  it("has none where a required feature is missing, and names it", () => {
    expect(vector(service({}, "error"), [present])).toMatchObject({
      fault: { code: "feature_missing", feature: "n_20" },
    });
  });

  it("takes null of a present pane as missing where the feature is required", () => {
    const nothing = answer(view, { ...pane, values: [1, null], emptyFromMs: E + 100 }, T, T);
    expect(vector(service({}, "error"), [nothing])).toMatchObject({
      fault: { code: "feature_missing", feature: "n_60" },
    });
  });

  it("has none where a sum left the range of doubles", () => {
    const endless = answer(view, { ...pane, values: [0, Infinity] }, T, T);
    expect(vector(service(), [endless])).toMatchObject({
      fault: { code: "feature_not_finite", feature: "n_60" },
    });
  });
});

describe("features on demand", () => {
  const onDemand = (compute: (f: Record<string, number>, request: { by: number }, now: number) => unknown) =>
    service({ onDemand: [{ name: "x", compute: compute as never }] });

  it("are computed of stored features, request and now", () => {
    const plan = onDemand((f, { by }, now) => (f["n_60"] ?? 0) * by + now);
    expect(values(plan, [present], { by: 10 }).features[2]).toMatchObject({
      value: 40 + T,
      status: "COMPUTED",
    });
  });

  it("see what the policy made of a missing feature", () => {
    const plan = { ...onDemand((f) => f["n_20"]), columns: service({}, "null").columns };
    expect(values(plan, [present]).features[2]?.value).toBeNull();
  });

  it("are stale as any view is, and as old as the oldest", () => {
    const plan = { ...onDemand(() => true), views: [view, view] };
    expect(values(plan, [present, { ...present, asOfMs: 7, stale: true }]).features[2]).toMatchObject({
      asOfMs: 7,
      stale: true,
      seq: undefined,
    });
    expect(values(plan, [present, absent]).features[2]).toMatchObject({ asOfMs: undefined, stale: true });
  });

  it.each([
    [
      "threw RangeError",
      () => {
        throw new RangeError("secret");
      },
    ],
    ["gave NaN", () => 0 / 0],
    ["gave Infinity", () => 1 / 0],
    ["a value of type undefined", () => undefined],
    ["a value of type object", () => ({})],
  ])("that fail fail the key: %s", (said, compute) => {
    const { fault } = vector(onDemand(compute), [present]);
    expect(fault).toMatchObject({ code: "on_demand_failed", feature: "x" });
    expect(fault?.detail).toContain(said);
    expect(fault?.detail).not.toContain("secret");
  });
});
