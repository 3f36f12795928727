import { describe, expect, it } from "vitest";
import { keptTables, TooManyFamiliesError } from "../../infra/kept-tables.ts";
import { countPlan } from "../support/plans.ts";

const families = (...args: Parameters<typeof keptTables>) =>
  keptTables(...args).map(({ id, families }) => [id, ...families.map((family) => family.id)]);

describe("the families that a stack keeps", () => {
  it("are those of every version and generation so far, and the control family once", () => {
    expect(families([countPlan({ version: 2 })], { oldest: 0, newest: 1 })).toEqual([
      [
        "features_user",
        "control",
        "purchases.v2.g0",
        "purchases.v1.g0",
        "purchases.v2.g1",
        "purchases.v1.g1",
      ],
    ]);
  });

  it("drop a generation only when the stack says so", () => {
    expect(families([countPlan()], { oldest: 3, newest: 3 })).toEqual([
      ["features_user", "control", "purchases.v1.g3"],
    ]);
  });

  it("only grow when a version is raised", () => {
    const generations = { oldest: 0, newest: 0 };
    const before = families([countPlan({ version: 3 })], generations).flat();
    const after = families([countPlan({ version: 4 })], generations).flat();
    expect(after.filter((id) => !before.includes(id))).toEqual(["purchases.v4.g0"]);
    expect(before.filter((id) => !after.includes(id))).toEqual([]);
  });

  it("collect a defined version by its own windows, and one that is gone by the next that is defined", () => {
    const day = 86_400_000;
    const plans = [
      countPlan({ version: 2, longestMs: day, allowedLatenessMs: 0 }),
      countPlan({ version: 4, longestMs: 3 * day, allowedLatenessMs: 0 }),
    ];
    const [table] = keptTables(plans, { oldest: 0, newest: 0 });
    const days = Object.fromEntries(
      table?.families.map(({ id, gc }) => [id, gc.maxAgeS && gc.maxAgeS / 86_400]) ?? [],
    );
    expect(days).toEqual({
      control: undefined,
      "purchases.v1.g0": 2,
      "purchases.v2.g0": 2,
      "purchases.v3.g0": 4,
      "purchases.v4.g0": 4,
    });
  });

  it("are a hundred of a table at most", () => {
    const plan = countPlan();
    expect(families([plan], { oldest: 1, newest: 99 })[0]).toHaveLength(1 + 100);
    expect(() => families([plan], { oldest: 0, newest: 99 })).toThrow(TooManyFamiliesError);
  });
});
