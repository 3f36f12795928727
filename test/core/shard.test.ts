/** A shard, step by step. What holds for any history is in shard-histories.test.ts. */
import { describe, expect, test } from "vitest";
import { distinct } from "../../pipeline/core/aggregations/index.ts";
import type { FeatureRow } from "../../pipeline/core/model.ts";
import { Shard, type LogChange } from "../../pipeline/core/shard.ts";
import { LogLayoutError } from "../../pipeline/core/shard-log.ts";
import type { SliceBatch } from "../../pipeline/core/slice-batch.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { sliceOf } from "../../pipeline/core/slices.ts";
import { countPlan, testEvent } from "../support/plans.ts";

const plan = countPlan(); // s = 10; columns: events of the last 20 ms, of the last 60 ms; lateness 40, slack 30

/** A batch of events of one slice. */
function batch(timesMs: readonly number[], key = "u"): SliceBatch {
  const events = timesMs.map((ms) => toSliceEvent(plan, testEvent(ms, { eventId: `${key} at ${ms}` })));
  return { key, sliceMs: sliceOf(timesMs[0] ?? 0, plan.slideMs), events };
}

/** Rows as `timing end: short/long`. */
const brief = (rows: readonly FeatureRow[]) =>
  rows.map(({ key, timing, windowEndMs, values }) => `${key} ${timing} ${windowEndMs}: ${values.join("/")}`);

/** What a bag holds after these changes. */
function logOf(...changes: (LogChange | undefined)[]): Uint8Array[] {
  let log: Uint8Array[] = [];
  for (const change of changes) {
    if (change?.kind === "replace") log = [change.entry];
    else if (change !== undefined) log.push(change.entry);
  }
  return log;
}

describe("a lone event", () => {
  //    0    10    20    30    40    50    60    70              140
  //    [ x )|           |                       |                |
  //       early,      left the               left the        forgotten
  //       on time     last 20 ms             last 60 ms:
  //                                          no row, empty_from says it
  test("costs one early row, one at its end, and one for each size but the longest", () => {
    const shard = new Shard(plan);
    expect(shard.nextEndMs()).toBeUndefined();
    expect(shard.apply(batch([5]))).toMatchObject({ applied: [{}], duplicates: 0, closed: [], rows: [] });
    expect(brief(shard.early().rows)).toEqual(["u EARLY 10: 1/1"]);

    const fired: [number, string[]][] = [];
    for (let end = shard.nextEndMs(); end !== undefined; end = shard.nextEndMs()) {
      fired.push([end, brief(shard.fire(end).rows)]);
    }
    expect(fired).toEqual([
      [10, ["u ON_TIME 10: 1/1"]],
      [30, ["u ON_TIME 30: 0/1"]],
      [70, []],
      [140, []],
    ]);
    expect(shard.isEmpty).toBe(true);
  });
});

describe("a late event", () => {
  //    0    10    20    30    40
  //    [new)[ x )            |fired
  //         *    *     *                    10: entered; 20: x entered; 30: the new one left; 40: x left
  test("makes every passed change point leave again, where no row had left too", () => {
    const shard = new Shard(plan);
    shard.apply(batch([15]));
    for (const end of [20, 40]) shard.fire(end);
    const { rows } = shard.apply(batch([5]));
    expect(brief(rows)).toEqual(["u LATE 10: 1/1", "u LATE 20: 2/2", "u LATE 30: 1/2", "u LATE 40: 0/2"]);
    expect(rows.map(({ seq, emptyFromMs }) => [seq, emptyFromMs])).toEqual([
      [1, 70],
      [2, 80],
      [2, 80],
      [2, 80],
    ]);
    // Windows to come are told at their ends, and of those now running the ones with a newest slice.
    expect(brief(shard.early().rows)).toEqual([]);
    expect(shard.nextEndMs()).toBe(70);
  });

  //    11:59:00  12:00:00  12:01:00         here 0, 10, 20: slide 10
  //    [  late  )[  x     )
  test("refreshes the running window early, if that has events of its own", () => {
    const shard = new Shard(plan);
    shard.apply(batch([5]));
    shard.fire(10);
    shard.apply(batch([15]));
    shard.early();
    expect(brief(shard.apply(batch([6])).rows)).toEqual(["u LATE 10: 2/2"]);
    expect(brief(shard.early().rows)).toEqual(["u EARLY 20: 3/3"]);
  });

  test("is taken whole or not at all, and before anyone asks whether it is a copy", () => {
    const shard = new Shard(plan);
    shard.apply(batch([5]));
    shard.fire(80);
    expect(shard.apply(batch([5]))).toMatchObject({ duplicates: 1, closed: [], log: undefined });
    shard.apply(batch([85]));
    shard.fire(90);
    const late = batch([5, 6]);
    expect(shard.apply(late)).toEqual({
      applied: [],
      duplicates: 0,
      closed: late.events,
      each: [],
      rows: [],
      log: undefined,
    });
  });
});

describe("copies", () => {
  test("count once, in one batch, in one slice and across slices", () => {
    const shard = new Shard(plan);
    const [event = expect.fail()] = batch([5]).events;
    expect(shard.apply({ key: "u", sliceMs: 0, events: [event, event] })).toMatchObject({
      applied: [{}],
      duplicates: 1,
    });
    expect(shard.apply({ key: "u", sliceMs: 0, events: [event] })).toMatchObject({
      applied: [],
      duplicates: 1,
    });
    const retried = { ...event, eventTimeMs: 15 };
    expect(shard.apply({ key: "u", sliceMs: 10, events: [retried] })).toMatchObject({
      applied: [],
      duplicates: 1,
    });
    expect(shard.apply({ key: "v", sliceMs: 0, events: [event] })).toMatchObject({
      applied: [{}],
      duplicates: 0,
    });
  });
});

describe("each event", () => {
  const each = (shard: Shard, events: ReturnType<typeof batch>) =>
    shard.apply(events, true).each.map(({ event, row }) => ({
      at: event.eventTimeMs,
      end: row.windowEndMs,
      seq: row.seq,
      values: row.values,
      timing: row.timing,
    }));

  //   0         10        20
  //   [  a b    |  c      )            a: 5   b: 6   c: 15
  test("is told with the row that first includes it, one after the other in one batch too", () => {
    const shard = new Shard(plan);
    expect(each(shard, batch([5, 6]))).toEqual([
      { at: 5, end: 10, seq: 1, values: [1, 1], timing: "EARLY" },
      { at: 6, end: 10, seq: 2, values: [2, 2], timing: "EARLY" },
    ]);
    expect(each(shard, batch([15]))).toEqual([{ at: 15, end: 20, seq: 3, values: [3, 3], timing: "EARLY" }]);
    expect(each(shard, batch([6]))).toEqual([]); // a duplicate
  });

  //   0         10        20        30
  //   [  a      |  b      |  ▲ c: 7, after 10 and 20 have fired
  test("that comes late is told with the row of its own slice's window, not the newest", () => {
    const shard = new Shard(plan);
    shard.apply(batch([5]));
    shard.apply(batch([15]));
    shard.fire(20);
    expect(each(shard, batch([7]))).toEqual([{ at: 7, end: 10, seq: 2, values: [2, 2], timing: "LATE" }]);
  });

  test("changes nothing else: the same rows and the same state as without", () => {
    const [plain, telling] = [new Shard(plan), new Shard(plan)];
    for (const times of [[5, 6], [15], [6, 7]]) {
      const { each: told, ...others } = telling.apply(batch(times), true);
      const { each: none, ...expected } = plain.apply(batch(times));
      expect(others).toEqual(expected);
      expect([told.length, none.length]).toEqual([expected.applied.length, 0]);
      expect(telling.early()).toEqual(plain.early());
      expect(telling.fire(10)).toEqual(plain.fire(10));
    }
    expect(telling.snapshot()).toEqual(plain.snapshot());
  });
});

describe("ends at which nothing is due", () => {
  //   0         10        20   …   90   after 80, slice 0 is closed: s + lateness + slack
  test("can pass, so that a shard that holds anything knows how far its ends have come", () => {
    const shard = new Shard(plan);
    shard.apply(batch([5]));
    shard.fire(10);
    expect(shard.pass(90)).toMatchObject({ kind: "append" });
    expect(shard.firedMs).toBe(90);
    expect(shard.pass(90)).toBeUndefined();
    expect(shard.apply(batch([6])).closed).toHaveLength(1);
  });
});

describe("ends", () => {
  test("that were passed over fire in order, with all keys at each", () => {
    const shard = new Shard(plan);
    for (const [time, key] of [
      [5, "u"],
      [15, "v"],
      [6, "w"],
    ] as const)
      shard.apply(batch([time], key));
    expect(shard.fire(9)).toEqual({ rows: [], log: undefined });
    expect(brief(shard.fire(30).rows)).toEqual([
      "u ON_TIME 10: 1/1",
      "w ON_TIME 10: 1/1",
      "v ON_TIME 20: 1/1",
      "u ON_TIME 30: 0/1",
      "w ON_TIME 30: 0/1",
    ]);
    expect(shard.nextEndMs()).toBe(40);
  });

  test("up to the one that fired have fired, whether or not anything was due there", () => {
    const shard = new Shard(plan);
    shard.apply(batch([5]));
    shard.fire(20);
    expect(brief(shard.apply(batch([15])).rows)).toEqual(["u LATE 20: 2/2"]);
  });
});

describe("a worker that has just read the log", () => {
  // A timer overwrites the one that is armed: whoever set a later one here would delay the earlier end.
  test("knows the end that is armed, also when an event asks for a later one", () => {
    const shard = new Shard(plan);
    const log = logOf(shard.apply(batch([5])).log);
    const cold = Shard.fold(plan, log);
    expect(cold.nextEndMs()).toBe(10);
    cold.apply(batch([25], "v"));
    expect(cold.nextEndMs()).toBe(10);
  });

  test("owes the early rows that had not left, and no others", () => {
    const shard = new Shard(plan);
    const first = shard.apply(batch([5])).log;
    const early = shard.early().log;
    const second = shard.apply(batch([5], "v")).log;
    expect(brief(Shard.fold(plan, logOf(first, early, second)).early().rows)).toEqual(["v EARLY 10: 1/1"]);
    expect(Shard.fold(plan, logOf(first, early)).isDirty).toBe(false);
    expect(brief(Shard.fold(plan, [shard.snapshot()]).early().rows)).toEqual(["v EARLY 10: 1/1"]);
  });

  test("refuses an entry that is damaged", () => {
    const [entry = expect.unreachable()] = logOf(new Shard(plan).apply(batch([5])).log);
    const unknown = Uint8Array.from(entry);
    unknown[4] = 9; // behind the mark of the layout
    expect(() => Shard.fold(plan, [unknown])).toThrow("no entry of a shard's log begins with tag 9");
    for (const length of [1, 4, 6, entry.length - 1]) {
      expect(() => Shard.fold(plan, [entry.subarray(0, length)])).toThrow(RangeError);
    }
  });

  test("is not read by another layout of the view, even where the bytes would do", () => {
    const [feature] = plan.features;
    const others = countPlan({
      features: [{ ...(feature ?? expect.unreachable()), aggregation: distinct(16) }],
    });
    const log = logOf(new Shard(plan).apply(batch([5])).log);
    for (const other of [others, countPlan({ slideMs: 20 }), countPlan({ shards: 2 })]) {
      expect(() => Shard.fold(other, log)).toThrow(LogLayoutError);
    }
    expect(Shard.fold(countPlan({ freshnessMs: 1 }), log).isEmpty).toBe(false);
  });
});

describe("the log", () => {
  test("is replaced by a snapshot once it has outgrown the one before", () => {
    const shard = new Shard(plan);
    const changes: LogChange[] = [];
    for (let i = 0; i < 20_000; i++) {
      const { log } = shard.apply(batch([i % 10], `user ${i}`));
      if (log !== undefined) changes.push(log);
    }
    const snapshots = changes.filter(({ kind }) => kind === "replace");
    const written = changes.reduce((bytes, { entry }) => bytes + entry.length, 0);
    // Each snapshot is about twice the one before, so all of them together cost as much as the events.
    expect(snapshots.length).toBeGreaterThan(2);
    expect(snapshots.length).toBeLessThan(12);
    expect(written).toBeLessThan(4 * shard.snapshot().length);
    expect(Shard.fold(plan, logOf(...changes)).snapshot()).toEqual(shard.snapshot());
  });

  test("of an empty shard holds the newest end that fired, and nothing else", () => {
    const shard = new Shard(plan);
    shard.apply(batch([5]));
    const { log } = shard.fire(140);
    expect(shard.isEmpty).toBe(true);
    expect(log?.kind).toBe("replace");
    const cold = Shard.fold(plan, logOf(log));
    expect(cold.nextEndMs()).toBeUndefined();
    expect(cold.apply(batch([5])).closed).toHaveLength(1);
    expect(cold.apply(batch([135])).rows.map(({ windowEndMs }) => windowEndMs)).toEqual([140]);
  });
});

test("a view without early rows is never dirty", () => {
  const shard = new Shard(countPlan({ earlyMs: undefined }));
  shard.apply(batch([5]));
  expect(shard.isDirty).toBe(false);
  expect(shard.early()).toEqual({ rows: [], log: undefined });
});
