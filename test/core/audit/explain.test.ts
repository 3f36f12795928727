import { describe, expect, test } from "vitest";
import { explain, type KeyFacts } from "../../../pipeline/core/audit/explain.ts";
import { explanationJson } from "../../../pipeline/core/audit/explanation-json.ts";
import { judge } from "../../../pipeline/core/audit/judge.ts";
import { KeySample } from "../../../pipeline/core/audit/key-sample.ts";
import { rowKeyOf } from "../../../pipeline/core/cell.ts";
import { emit, toRow } from "../../../pipeline/core/emit.ts";
import type { DecodedEvent, PaneTiming, StoredRow } from "../../../pipeline/core/model.ts";
import { countPlan, testEvent } from "../../support/plans.ts";

const plan = countPlan();

/** The pane of a window over events, readable from an instant on. */
function pane(events: readonly DecodedEvent[], endMs: number, timing: PaneTiming, atMs: number): StoredRow {
  const content = emit(plan, judge(plan, events).slices, endMs);
  if (content === undefined) throw new Error(`window ${String(endMs)} is empty`);
  return { ...toRow(plan, "u", content, timing), availableAtMs: atMs, generation: 0, origin: "stream" };
}

/*
 *   0         10        20        30        40  t = 35
 *   [    a    )[   c    )[    b    )[        )
 *   a at 5, b at 25 (its clock ran ahead: clamped), c at 15, published at 31; a again at 26
 *   panes      10: a               30: a, b at 26; a, b, c at 32
 */
describe("explain", () => {
  const a = testEvent(5);
  const b = testEvent(25, { rawEventTimeMs: 29, clamped: true });
  const copy = testEvent(5, { publishTimeMs: 26, messageId: "again" });
  const c = testEvent(15, { publishTimeMs: 31 });
  const late = testEvent(-20, { publishTimeMs: 27 });
  const offline = [
    pane([a], 10, "ON_TIME", 11),
    pane([a, b], 30, "EARLY", 26),
    pane([a, b, c], 30, "LATE", 32),
  ];
  const facts: KeyFacts = {
    key: "u",
    history: judge(plan, [a, b, c, copy, late]),
    offline,
    online: [],
    completeThroughMs: 30,
  };

  test("tells of each event what became of it, and which pane held it first", () => {
    const { events } = explain(plan, facts, 35);
    const told = events.map(({ event, outcome, panes }) => [
      event.messageId,
      outcome,
      panes.map(({ row }) => [row.windowEndMs, row.seq]),
    ]);
    const [first, second, third] = [
      [10, 1],
      [30, 2],
      [30, 3],
    ];
    expect(told).toEqual([
      [a.messageId, "applied", [first, second, third]],
      [b.messageId, "applied", [second, third]],
      ["again", "duplicate", []],
      [late.messageId, "late", []],
      [c.messageId, "applied", [third]],
    ]);
  });

  test("tells of an event that came since then and had happened long before", () => {
    const old = testEvent(-500, { publishTimeMs: 28 });
    const { events } = explain(plan, { ...facts, history: judge(plan, [a, old]) }, 35);
    expect(events.map(({ event, outcome }) => [event.messageId, outcome])).toEqual([
      [a.messageId, "applied"],
      [old.messageId, "late"],
    ]);
  });

  test("tells of an event that an answer of the past can't have known", () => {
    const { events } = explain(plan, facts, 30);
    expect(events.filter(({ wasPublished }) => !wasPublished).map(({ event }) => event.messageId)).toEqual([
      c.messageId,
    ]);
  });

  test("names slices and the places of panes in JSON", () => {
    const json = explanationJson(plan, explain(plan, facts, 35));
    expect(json.events.map(({ slice, panes }) => [Date.parse(slice), panes])).toEqual([
      [0, [0, 1, 2]],
      [20, [1, 2]],
      [0, []],
      [-20, []],
      [10, [2]],
    ]);
  });

  test("answers by the pane that was readable then", () => {
    const chosenAt = (tMs: number) => explain(plan, facts, tMs).panes.find(({ isChosen }) => isChosen)?.row;
    expect(chosenAt(31)).toMatchObject({ windowEndMs: 30, seq: 2 });
    expect(chosenAt(32)).toMatchObject({ windowEndMs: 30, seq: 3 });
    const { answer, columns, recomputed, closedMs, currentMs, slices } = explain(plan, facts, 35);
    expect([closedMs, currentMs]).toEqual([30, 40]);
    expect(answer).toMatchObject({ stale: false, asOfMs: 30 });
    // Size 20 leaves at empty_from − (L − w) = 90 − 40, the longest at 90.
    expect(columns.map(({ value, leavesMs }) => [value, leavesMs])).toEqual([
      [2, 50],
      [3, 90],
    ]);
    expect(recomputed).toMatchObject({ seq: 3, values: [2, 3] });
    expect(slices.map(({ sliceMs, events }) => [sliceMs, events])).toEqual([
      [0, 1],
      [10, 1],
      [20, 1],
    ]);
  });

  test("a pane that stands online only is shown so, and may answer", () => {
    const [, , newest] = offline;
    const { panes } = explain(
      plan,
      { ...facts, offline: offline.slice(0, 2), online: [newest as StoredRow] },
      35,
    );
    expect(panes.at(-1)).toMatchObject({ isOnline: true, isOffline: false, isChosen: true });
  });

  test("without an archive shows panes and the rule", () => {
    const explained = explain(plan, { ...facts, history: undefined }, 35);
    expect(explained).toMatchObject({ hasArchive: false, events: [], slices: [], recomputed: undefined });
    expect(explained.panes).toHaveLength(3);
  });
});

test("a sample of keys is the first by row key, in whatever order they come", () => {
  const keys = Array.from({ length: 100 }, (_, n) => `key ${String(n)}`);
  const first = [...keys].sort((x, y) => (rowKeyOf(x) < rowKeyOf(y) ? -1 : 1)).slice(0, 7);
  for (const order of [keys, keys.toReversed()]) {
    const sample = new KeySample<{ seen: number }>(7);
    for (const key of [...order, ...order]) {
      const kept = sample.at(key, () => ({ seen: 0 }));
      if (kept) kept.seen++;
    }
    const { entries, isCut } = sample.take();
    expect(entries).toEqual(first.map((key) => [key, { seen: 2 }]));
    expect(isCut).toBe(true);
  }
  const whole = new KeySample<null>(100);
  for (const key of keys) whole.at(key, () => null);
  expect(whole.take()).toMatchObject({ isCut: false, entries: { length: 100 } });
});
