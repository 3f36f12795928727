import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer, cellLimitMs, currentEnd, paneAt } from "../../pipeline/core/answer.ts";
import { cellTimestampMs } from "../../pipeline/core/cell.ts";
import type { StoredRow } from "../../pipeline/core/model.ts";
import { countPlan } from "../support/plans.ts";

const MINUTE = 60_000;
/** Minutes and seconds after the hour, in ms. */
const at = (minutes: number, seconds = 0) => minutes * MINUTE + seconds * 1000;

/** Columns: the last 20 minutes, the last 30 minutes. */
const base = countPlan();
const plan = {
  ...base,
  slideMs: MINUTE,
  longestMs: 30 * MINUTE,
  sizesMs: [20 * MINUTE, 30 * MINUTE],
  freshnessMs: MINUTE,
  // The sizes of 20 and 60 ms become 20 and 30 minutes.
  columns: base.columns.map((column) => ({ ...column, sizeMs: Math.min(column.sizeMs, 30) * MINUTE })),
};

/** The row of one event at 0:20 in the first minute, as its window's end leaves. */
function row(changes: Partial<StoredRow> = {}): StoredRow {
  return {
    view: "purchases",
    version: 1,
    key: "u",
    windowEndMs: at(1),
    values: [1, 1],
    seq: 1,
    maxEventTimeMs: at(0, 20),
    maxPublishTimeMs: at(0, 21),
    emptyFromMs: at(31),
    timing: "EARLY",
    availableAtMs: at(0, 22),
    generation: 0,
    origin: "stream",
    ...changes,
  };
}

const said = (tMs: number, rows: readonly StoredRow[], completeThroughMs?: number) => {
  const { columns, stale, asOfMs } = answer(plan, paneAt(plan, rows, tMs), tMs, completeThroughMs);
  return {
    values: columns.map(({ value }) => value),
    statuses: columns.map(({ status }) => status),
    stale,
    asOfMs,
  };
};

//  0:00  0:20   1:00                     20:00  21:00          30:00  31:00
//  [ event )     |                                |                    |
//  early row     on-time row        20 minutes: left by 21:00    30 minutes: left by 31:00 = empty_from
describe("one event at 0:20", () => {
  test("is not there before its row can be read", () => {
    expect(said(at(0, 21), [row()], at(0, 20))).toEqual({
      values: [0, 0],
      statuses: ["DEFAULT", "DEFAULT"],
      stale: false,
      asOfMs: at(0),
    });
  });

  test("is there within its own minute, by the early row", () => {
    expect(said(at(0, 22), [row()], at(0, 20))).toMatchObject({
      values: [1, 1],
      statuses: ["PRESENT", "PRESENT"],
    });
  });

  test("leaves each size on its own, without any further row", () => {
    expect(said(at(20, 59), [row()], at(20))).toMatchObject({ values: [1, 1] });
    expect(said(at(21), [row()], at(20))).toMatchObject({ values: [0, 1], statuses: ["DEFAULT", "PRESENT"] });
    expect(said(at(30, 40), [row()], at(30))).toMatchObject({ values: [0, 1] });
    expect(said(at(31, 1), [row()], at(30))).toMatchObject({
      values: [0, 0],
      statuses: ["DEFAULT", "DEFAULT"],
    });
  });

  test("is stale, and as of what is complete, when the pipeline is dead since 5:00", () => {
    expect(said(at(10), [row()], at(5))).toEqual({
      values: [1, 1],
      statuses: ["PRESENT", "PRESENT"],
      stale: true,
      asOfMs: at(5),
    });
  });

  test("is as of its window's end, never beyond now, where nothing says what is complete", () => {
    expect(said(at(2), [row()])).toMatchObject({ stale: true, asOfMs: at(1) });
    expect(said(at(0, 30), [row()])).toMatchObject({ stale: true, asOfMs: at(0, 30) });
    expect(said(at(40), [row()])).toMatchObject({ stale: true, asOfMs: undefined });
    expect(said(at(40), [])).toMatchObject({ values: [0, 0], stale: true, asOfMs: undefined });
  });

  test("is fresh up to and including `freshness` after what is complete", () => {
    expect(said(at(2), [row()], at(1)).stale).toBe(false);
    expect(said(at(2) + 1, [row()], at(1)).stale).toBe(true);
  });
});

describe("the pane at an instant", () => {
  const fuller = row({ seq: 2, values: [2, 2], availableAtMs: at(0, 50) });

  test("is the fullest of the newest window, whatever came last", () => {
    const stale = row({ availableAtMs: at(3) });
    expect(paneAt(plan, [fuller, row(), stale], at(4))).toBe(fuller);
    expect(paneAt(plan, [fuller, row(), stale], at(0, 49))?.seq).toBe(1);
    const newer = row({ windowEndMs: at(2), availableAtMs: at(2) });
    expect(paneAt(plan, [newer, fuller], at(4))).toBe(newer);
    const rewritten = row({ seq: 2, availableAtMs: at(2) });
    expect(paneAt(plan, [rewritten, fuller], at(4))).toBe(rewritten);
  });

  test("is of no window later than the current one", () => {
    const ahead = row({ windowEndMs: at(2), availableAtMs: at(0, 30) });
    expect(paneAt(plan, [ahead, row()], at(0, 59))?.windowEndMs).toBe(at(1));
    expect(paneAt(plan, [ahead, row()], at(1))?.windowEndMs).toBe(at(2));
    expect(currentEnd(plan, at(1))).toBe(at(2));
    expect(currentEnd(plan, -1)).toBe(0);
  });

  test("is the newest cell below the limit: serving and training choose alike", () => {
    const arbitraryRow = fc
      .record({ end: fc.integer({ min: 1, max: 40 }), seq: fc.integer({ min: 1, max: 70_000 }) })
      .map(({ end, seq }) => row({ windowEndMs: at(end), seq, availableAtMs: 0 }));
    fc.assert(
      fc.property(
        fc.array(arbitraryRow, { maxLength: 8 }),
        fc.integer({ min: 0, max: at(40) }),
        (rows, tMs) => {
          const below = rows.filter((r) => cellTimestampMs(r, plan.slideMs) < cellLimitMs(plan, tMs));
          const timestamps = below.map((r) => cellTimestampMs(r, plan.slideMs));
          const pane = paneAt(plan, rows, tMs);
          expect(pane && cellTimestampMs(pane, plan.slideMs)).toBe(
            below.length === 0 ? undefined : Math.max(...timestamps),
          );
        },
      ),
      { seed: 12, numRuns: 500 },
    );
  });
});
