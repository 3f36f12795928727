import { describe, expect, test } from "vitest";
import {
  cellTimestampMs,
  decodeCell,
  encodeCell,
  familyOf,
  keyOfRowKey,
  rowKeyOf,
} from "../../pipeline/core/cell.ts";
import type { FeatureRow } from "../../pipeline/core/model.ts";
import { countPlan } from "../support/plans.ts";

const plan = countPlan();
const row: FeatureRow = {
  view: "purchases",
  version: 1,
  key: "u#1",
  windowEndMs: 1_700_000_000_010,
  values: [2, 2.5],
  seq: 3,
  maxEventTimeMs: 1_700_000_000_003,
  maxPublishTimeMs: 1_700_000_000_004,
  emptyFromMs: 1_700_000_000_070,
  timing: "EARLY",
};

describe("a cell", () => {
  test.each<Partial<FeatureRow>>([
    {},
    { timing: "ON_TIME" },
    { timing: "LATE", values: [null, "DE"] },
    { windowEndMs: -20, maxEventTimeMs: -31, maxPublishTimeMs: -30, emptyFromMs: 30 },
  ])("holds a row: %j", (changes) => {
    const given = { ...row, ...changes };
    expect(decodeCell(plan, "u#1", encodeCell(given))).toEqual(given);
  });

  // What is stored is read by later versions: a change of these bytes needs a new layout byte.
  test("has the bytes that it always had", () => {
    expect(Buffer.from(encodeCell(row)).toString("hex")).toBe(
      "01008ad095ffbc31033c0701020302044004000000000000",
    );
  });

  test("of another layout, or another set of columns, is refused", () => {
    const bytes = Buffer.from(encodeCell(row));
    expect(() => decodeCell(plan, "u", encodeCell({ ...row, values: [1] }))).toThrow("1 columns, not 2");
    expect(() => decodeCell(plan, "u", bytes.fill(2, 0, 1))).toThrow("layout 2, not 1");
    expect(() => decodeCell(plan, "u", encodeCell(row).subarray(0, 9))).toThrow(RangeError);
  });

  //  E              E + s
  //  |0 1 2 … s−1  |            seq below s orders the panes of a window; from s on they share a timestamp
  test("has a timestamp between its window's end and the next one", () => {
    expect([1, 9, 10, 1000].map((seq) => cellTimestampMs({ windowEndMs: 50, seq }, 10))).toEqual([
      51, 59, 59, 59,
    ]);
  });
});

describe("a Bigtable row", () => {
  test("is named by four digits of the key's hash and the key", () => {
    expect(rowKeyOf("user-1")).toBe("30fe#user-1");
    expect(keyOfRowKey(rowKeyOf("a#b"))).toBe("a#b");
    expect(new Set(Array.from({ length: 50 }, (_, i) => rowKeyOf(`${i}`).length - `${i}`.length))).toEqual(
      new Set([5]),
    );
  });

  test("has one family a view version and generation", () => {
    expect(familyOf(plan, 3)).toBe("purchases.v1.g3");
  });
});
