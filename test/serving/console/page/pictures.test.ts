import { describe, expect, it } from "vitest";
import { explain } from "../../../../pipeline/core/audit/explain.ts";
import { explanationJson } from "../../../../pipeline/core/audit/explanation-json.ts";
import type { InspectionJson } from "../../../../pipeline/serving/console/inspector-contract.ts";
import { pictureOf } from "../../../../pipeline/serving/console/page/inspector/picture.ts";
import { rowsOf, scaleOf, ticksOf } from "../../../../pipeline/serving/console/page/inspector/scale.ts";
import { highlightOf } from "../../../../pipeline/serving/console/page/inspector/selection.ts";
import { eventName, paneName, sliceName } from "../../../../pipeline/serving/console/page/inspector/words.ts";
import { countPlan, testEvent } from "../../../support/plans.ts";
import { picturedFacts } from "../../../support/pictured-key.ts";

/*
 *  -30       0        10        20        30        40 = current, t = 35
 *            [    a    )[   c    )[    b    )[        )     a again at 26; late, at −28, published at 27
 */
const plan = countPlan();
const events = [
  testEvent(5),
  testEvent(15, { publishTimeMs: 18 }),
  testEvent(25),
  testEvent(5, { publishTimeMs: 26, messageId: "again" }),
  testEvent(-28, { publishTimeMs: 27 }),
];

function inspection(): InspectionJson {
  const facts = picturedFacts(plan, "u", events, 35);
  // Its rows are readable 300 ms after they left: here at once.
  const offline = facts.offline.map((row) => ({ ...row, availableAtMs: row.availableAtMs - 300 }));
  const explanation = explain(plan, { ...facts, offline }, 35);
  return {
    view: {
      ...{ name: "purchases", version: 1, entity: "user", key_field: "user_id" },
      ...{ slide_ms: 10, sizes_ms: [20, 60], allowed_lateness_ms: 40, freshness_ms: 50 },
    },
    key: "u",
    explanation: explanationJson(plan, explanation),
    since: new Date(explanation.sinceMs).toISOString(),
    values: [],
    all: { events: 5, panes: explanation.panes.length },
    is_past: false,
    refresh_ms: 0,
  };
}

describe("a picture", () => {
  it("has everything at its place in time", () => {
    const { scale, events: marks, slices, windows, lines } = pictureOf(inspection(), 700, undefined);
    expect([scale.fromMs, scale.toMs]).toEqual([-30, 40]); // 10 px a ms
    expect(marks.map(({ number, fate, x, publishedX }) => [number, fate, x, publishedX])).toEqual([
      [5, "late", 20, 570],
      [1, "applied", 350, 350],
      [4, "duplicate", 350, 560],
      [2, "applied", 450, 480],
      [3, "applied", 550, 550],
    ]);
    expect(slices.map(({ from, to, events: n }) => [from, to, n])).toEqual([
      [300, 400, 1],
      [400, 500, 1],
      [500, 600, 1],
    ]);
    expect(windows).toMatchObject([
      { from: 500, to: 700, isCut: false, events: 1 },
      { from: 100, to: 700, isCut: false, events: 3 },
    ]);
    expect(lines.map(({ kind, x }) => [kind, x])).toEqual([
      ["complete", 600],
      ["closed", 600],
      ["at", 650],
      ["current", 700],
    ]);
  });

  it("of a part shows what begins before it at its edge", () => {
    const { events: marks, windows, panes } = pictureOf(inspection(), 700, 2);
    expect(marks.map(({ number, isBefore, x }) => [number, isBefore, x])).toEqual([
      [5, true, 0],
      [4, true, 0],
      [3, false, 175],
    ]);
    expect(windows.map(({ isCut }) => isCut)).toEqual([false, true]);
    expect(panes.every(({ x }) => x > 0)).toBe(true);
  });

  it("lights what belongs together", () => {
    const told = inspection();
    const [a, , b] = told.explanation.events;
    if (a === undefined || b === undefined) throw new Error("no events");
    const panes = told.explanation.panes.map(paneName);
    expect(highlightOf(told, undefined).size).toBe(0);
    expect(highlightOf(told, eventName(a))).toEqual(new Set([eventName(a), sliceName(a.slice), ...panes]));
    expect(highlightOf(told, sliceName(b.slice))).toEqual(new Set([sliceName(b.slice), eventName(b)]));
    const newest = panes.at(-1) ?? "";
    const held = told.explanation.events.filter((each) => each.class === "applied").map(eventName);
    expect(highlightOf(told, newest)).toEqual(new Set([newest, ...held]));
  });
});

describe("a scale", () => {
  it("has round ticks, far enough apart", () => {
    const hour = scaleOf(Date.UTC(2026, 0, 1, 11, 58), Date.UTC(2026, 0, 1, 12, 58), 600);
    const times = ticksOf(hour, 80).map((ms) => new Date(ms).toISOString().slice(11, 16));
    expect(times).toEqual(["12:00", "12:10", "12:20", "12:30", "12:40", "12:50"]);
  });

  it("places what overlaps in rows, and shares the last where there are too many", () => {
    const room = (from: number) => ({ from, to: from + 10 });
    expect(rowsOf([room(0), room(5), room(10), room(12), room(13), room(14)], 3)).toEqual([0, 1, 0, 2, 2, 2]);
    expect(rowsOf([], 3)).toEqual([]);
  });
});
