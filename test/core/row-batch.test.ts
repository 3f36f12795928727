import { expect, it } from "vitest";
import { Writer } from "../../pipeline/core/bytes.ts";
import { readStoredRows, writeStoredRow } from "../../pipeline/core/row-batch.ts";
import { countPlan } from "../support/plans.ts";
import { testStoredRow } from "../support/stores.ts";

const plan = countPlan();
const rows = [
  testStoredRow(plan, { values: [1, null] }),
  testStoredRow(plan, { key: "ü", values: [2, "DE"], timing: "LATE", origin: "backfill", generation: 7 }),
  testStoredRow(plan, { values: [0, 0.5], windowEndMs: -20, availableAtMs: 1_767_268_800_123 }),
];

function batchOf(...batch: typeof rows): Uint8Array {
  const to = new Writer();
  for (const row of batch) writeStoredRow(row, to);
  return to.take();
}

it("gives rows back whole, in their order", () => {
  expect(readStoredRows(plan, batchOf(...rows))).toEqual(rows);
  expect(readStoredRows(plan, batchOf())).toEqual([]);
});

it("refuses rows of another number of columns, and bytes that end too soon", () => {
  const bytes = batchOf(testStoredRow(plan, { values: [1, 2] }));
  for (let end = 1; end < bytes.length; end++)
    expect(() => readStoredRows(plan, bytes.subarray(0, end)), String(end)).toThrow(RangeError);
  expect(() => readStoredRows(plan, batchOf(testStoredRow(plan, { values: [1] })))).toThrow(
    "1 columns, not 2",
  );
});
