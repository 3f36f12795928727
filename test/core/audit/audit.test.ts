import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKey, type KeyRecord, type Scope } from "../../../pipeline/core/audit/compare.ts";
import { deliveryOf, judge, type KeyHistory } from "../../../pipeline/core/audit/judge.ts";
import { emit, toRow } from "../../../pipeline/core/emit.ts";
import { isChangePoint } from "../../../pipeline/core/change-points.ts";
import type { DecodedEvent, FeatureRow } from "../../../pipeline/core/model.ts";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { arbitraryEvents } from "../../support/histories.ts";
import { viewOracle } from "../../support/oracle.ts";
import { countPlan, testEvent, testPlan } from "../../support/plans.ts";

/** Everything may be compared. */
const all: Scope = {
  fromMs: -1_000,
  toMs: 1_000,
  horizonMs: Infinity,
  collectedMs: -Infinity,
  maxVersions: Infinity,
};

/** The rows that a pipeline leaves of a history: one a change point. */
function rowsOf(plan: ViewPlan, { slices }: KeyHistory): FeatureRow[] {
  const rows: FeatureRow[] = [];
  for (let endMs = all.fromMs; endMs <= all.toMs; endMs += plan.slideMs) {
    const content = emit(plan, slices, endMs);
    if (content && isChangePoint(plan, slices, endMs)) rows.push(toRow(plan, "u", content, "ON_TIME"));
  }
  return rows;
}

function recordOf(
  plan: ViewPlan,
  events: readonly DecodedEvent[],
  changes: Partial<KeyRecord> = {},
): KeyRecord {
  const history = judge(plan, events);
  const rows = rowsOf(plan, history);
  return { key: "u", history, online: rows, offline: rows, unreadable: [], ...changes };
}

describe("judge", () => {
  test("adds up to what the oracle says, and counts alike", () => {
    const plan = testPlan();
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const byKey = Map.groupBy(events, (event) => plan.key(event.value as never));
        for (const [key, ofKey] of byKey) {
          // The oracle takes events as they are read; the archive is judged in publish order, whatever it is read in.
          const inOrder = judge(plan, ofKey).judged.map(({ event }) => event);
          const history = judge(plan, [...ofKey].reverse());
          expect(history.judged.map(({ event }) => event)).toEqual(inOrder);
          const { windows, counts } = viewOracle(plan, inOrder);
          const outcomes = Map.groupBy(history.judged, ({ outcome }) => outcome);
          for (const [outcome, count] of Object.entries(counts)) {
            expect(outcomes.get(outcome as "applied")?.length ?? 0, outcome).toBe(count);
          }
          for (let endMs = -200; endMs <= 400; endMs += plan.slideMs) {
            const content = emit(plan, history.slices, endMs);
            const found = content && { seq: content.seq, values: content.values };
            expect(found, `${key} at ${endMs}`).toEqual(windows.get(key)?.get(endMs));
          }
        }
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  test("a delivery that the pipeline found too late for its windows joins none", () => {
    const event = testEvent(5);
    const { judged, slices } = judge(countPlan(), [event], new Set([deliveryOf(event)]));
    expect(judged.map(({ outcome }) => outcome)).toEqual(["window_closed"]);
    expect(slices).toEqual([]);
  });
});

/*
 *  -10       0         10        20        30   …   60        70
 *            [    a b  )[   c    )[        )            [        )
 *  windows             10        20        30    40            70: a, b have left; 80: all have
 */
describe("compareKey", () => {
  const plan = countPlan();
  const events = [testEvent(5), testEvent(6), testEvent(15)];
  const good = recordOf(plan, events);
  const change = (rows: readonly FeatureRow[], endMs: number, to: Partial<FeatureRow>) =>
    rows.map((row) => (row.windowEndMs === endMs ? { ...row, ...to } : row));
  const kinds = (record: KeyRecord, scope = all) =>
    compareKey(plan, record, scope).differences.map(
      ({ kind, store, windowEndMs }) => `${kind} ${store} ${String(windowEndMs)}`,
    );

  test("finds nothing where both stores hold what the events add up to", () => {
    expect(good.online.map((row) => [row.windowEndMs, row.seq, row.values])).toEqual([
      [10, 2, [2, 2]],
      [20, 3, [3, 3]],
      [30, 3, [1, 3]],
      [40, 3, [0, 3]],
      [70, 1, [0, 1]],
    ]);
    expect(compareKey(plan, good, all)).toEqual({
      differences: [],
      windows: 6, // and 80, where nothing may stand
      pending: 0,
      offlineOnly: 0,
      missingOnTimeRows: 0,
    });
  });

  test("rows of windows between two change points, which another strategy writes, are held to the same", () => {
    const between = toRow(plan, "u", emit(plan, good.history?.slices ?? [], 50) as never, "ON_TIME");
    const online = [...good.online, between];
    expect(kinds({ ...good, online, offline: [...good.offline, between] })).toEqual([]);
    expect(kinds({ ...good, online })).toEqual(["missing_offline offline 50"]);
  });

  const tampered: Readonly<Record<string, Partial<KeyRecord>>> = {
    "missing_online online 20": { online: good.online.filter((row) => row.windowEndMs !== 20) },
    "missing_offline offline 20": { offline: good.offline.filter((row) => row.windowEndMs !== 20) },
    "values_differ online 20": { online: change(good.online, 20, { values: [3, 4] }) },
    "values_differ offline 20": { offline: change(good.offline, 20, { values: [-0, 3] }) },
    "seq_differs online 20": { online: change(good.online, 20, { seq: 2, values: [2, 2] }) },
    "empty_from_differs offline 20": { offline: change(good.offline, 20, { emptyFromMs: 90 }) },
    "unexpected_row online 80": {
      online: [...good.online, { ...(good.online[0] as FeatureRow), windowEndMs: 80 }],
    },
    "unreadable_cell online 20": {
      online: good.online.filter((row) => row.windowEndMs !== 20),
      unreadable: [{ windowEndMs: 20, detail: "half a cell" }],
    },
  };

  test.each(Object.entries(tampered))("names it: %s", (named, changes) => {
    const { differences } = compareKey(plan, { ...good, ...changes }, all);
    const [difference] = differences;
    expect(kinds({ ...good, ...changes })).toEqual([named]);
    if (named.includes("20")) {
      expect(difference?.events.map(({ event }) => event.eventId)).toEqual(events.map((e) => e.eventId));
      expect(difference?.expected).toEqual({ seq: 3, values: [3, 3], emptyFromMs: 80 });
    } else expect(difference?.expected).toBeUndefined();
  });

  test("names the columns", () => {
    const online = change(good.online, 20, { values: [3, 4] });
    expect(compareKey(plan, { ...good, online }, all).differences[0]?.columns).toEqual(["n_60"]);
  });

  test("a row missing below complete_through counts, unless only late events call for it", () => {
    const without = (record: KeyRecord) => compareKey(plan, { ...record, online: [] }, { ...all, toMs: 10 });
    expect(without(good).missingOnTimeRows).toBe(1);
    const late = recordOf(plan, [testEvent(5, { publishTimeMs: 25 })]);
    expect(without(late).differences).toHaveLength(1);
    expect(without(late).missingOnTimeRows).toBe(0);
  });

  test("what newer events touch is pending, and not judged", () => {
    const lateMs = 40;
    const record = recordOf(plan, [...events, testEvent(7, { publishTimeMs: lateMs })], {
      online: good.online,
      offline: good.offline,
    });
    expect(kinds(record)).not.toEqual([]);
    const verdict = compareKey(plan, record, { ...all, horizonMs: lateMs, toMs: 40 });
    expect(verdict).toMatchObject({ differences: [], windows: 0, pending: 4 });
    // The other way round: a store has an event that the archive hasn't got yet.
    const ahead = { ...good, online: record.history ? rowsOf(plan, record.history) : [] };
    expect(kinds(ahead)).not.toEqual([]);
    expect(kinds(ahead, { ...all, horizonMs: lateMs })).toEqual([]);
  });

  test("what the online store may have collected is held to the archive offline only", () => {
    const online = good.online.filter((row) => row.windowEndMs > 20);
    const byAge = compareKey(plan, { ...good, online }, { ...all, collectedMs: 20 });
    expect(byAge).toMatchObject({ differences: [], offlineOnly: 2 });
    const byNumber = compareKey(plan, { ...good, online }, { ...all, maxVersions: 3 });
    expect(byNumber).toMatchObject({ differences: [], offlineOnly: 2 });
    expect(kinds({ ...good, online }, { ...all, maxVersions: 4 })).toHaveLength(2);
  });

  test("without an archive the stores are held to each other", () => {
    const bare = { ...good, history: undefined };
    expect(kinds(bare)).toEqual([]);
    expect(kinds({ ...bare, online: change(good.online, 20, { values: [3, 4] }) })).toEqual([
      "values_differ online 20",
    ]);
    expect(kinds({ ...bare, offline: [] })).toHaveLength(5);
    expect(kinds({ ...bare, online: [] })).toHaveLength(5);
  });
});
