import { describe, expect, test } from "vitest";
import type { PubsubMessage } from "../../pipeline/core/model.ts";
import type { History } from "../support/history/history.ts";
import { millisecondSetting } from "../support/history/history.ts";
import { judge } from "../support/history/judge.ts";
import { mutants, type Mutant } from "../support/history/mutants.ts";
import { searchHistories } from "../support/history/search.ts";
import { timeline } from "../support/history/timeline.ts";
import { historyViews, minute, moments } from "../support/history/views.ts";
import { message, purchase } from "../support/messages.ts";

/*
 * Whole histories, from bytes to answers. They prove nothing of a runner or of a store, which the tests in `e2e/` run.
 * More of them: `HISTORIES=10000 HISTORY_SEED=7` before the command, or `node test/support/run-histories.ts`.
 */
const SEEDS = Number(process.env["HISTORIES"] ?? 500);
const SEED = Number(process.env["HISTORY_SEED"] ?? 1);
const RECUT = "orders panes by index";
const { startMs } = millisecondSetting;

test(`${String(SEEDS)} histories keep every promise`, () => {
  const { found, ...searched } = searchHistories({ seeds: SEEDS, seed: SEED });
  if (found) throw new Error(`${found.timeline}\n\nagain: --seed ${String(found.seed)} --path ${found.path}`);
  expect(searched.histories).toBe(SEEDS);
  // Or they would keep them by saying nothing.
  expect(searched.messages).toBeGreaterThan(10 * SEEDS);
  expect(searched.rows).toBeGreaterThan(searched.messages);
  expect(searched.exact).toBeGreaterThan(4 * SEEDS);
  expect(searched.present).toBeGreaterThan(2 * SEEDS);
  // What may be left out, since a crash had the copies of an event read in another order, is as good as nothing.
  expect(searched.retold).toBeLessThan(searched.rows / 1_000);
});

describe("a wrong rule is found: the pipeline that", () => {
  // What takes a crash and an instant just after it comes too seldom to be waited for: it is told below.
  const likely = Object.entries(mutants).filter(([name]) => name !== RECUT);
  test.each(likely)("%s", (_, mutant) => {
    expect(searchHistories({ seeds: 2_000, seed: 2, mutant, shrink: false }).found).toBeDefined();
  });
});

test("a history that is found becomes as small as it can be", () => {
  const { found } = searchHistories({ seeds: 100, seed: 2, mutant: mutants["forgets the first publish"] });
  expect(found?.history.messages).toHaveLength(1);
});

/** A purchase of `u`; instants are ms from the start. */
function at(id: string, eventMs: number, publishMs: number): PubsubMessage {
  const event = { ...purchase, event_id: id, user_id: "u", occurred_at: startMs + eventMs };
  return { ...message(event), messageId: `message ${id}`, publishTimeMs: startMs + publishMs };
}

describe("copies of an event whose clock runs ahead", () => {
  const told = { watermark: "honest", disorder: [0], instants: [] } as const;
  const read = { kind: "read", messages: 1 } as const;
  const clockAhead = [at("a", 12, 2), { ...at("a", 12, 14), messageId: "retry" }];
  const rowsOf = (messages: readonly PubsubMessage[]) => {
    const { run, faults } = judge({ ...told, messages, steps: [read, read] }, historyViews);
    expect(faults).toEqual([]);
    const view = run.views.find((each) => each.view.plan === moments)?.view;
    return view?.rows.map(({ windowEndMs, seq }) => [windowEndMs - startMs, seq]);
  };

  //    0         10        20        30
  //    [ a       )   ¦ a   )                    the clock says 12; published at 2, and again at 14
  //                  ¦                          windows of 10 ms, where no copy is near another; an early row, an on-time row
  test("count once, where the one that is read first stands", () => {
    expect(rowsOf(clockAhead)).toEqual([
      [10, 1],
      [10, 1],
    ]);
    expect(rowsOf(clockAhead.toReversed())).toEqual([
      [20, 1],
      [20, 1],
    ]);
  });

  test("leave a row of lost work where a crash has them read in another order", () => {
    const steps = [read, { kind: "early" }, { kind: "crash" }] as const;
    const { run, faults } = judge({ ...told, disorder: [1, 0], messages: clockAhead, steps }, [moments]);
    expect(faults).toEqual([]);
    // The row of lost work, which the retry doesn't stand in, and the retry's.
    const rows = run.views[0]?.view.rows.map(({ windowEndMs, seq }) => [windowEndMs - startMs, seq]);
    expect(rows).toEqual([
      [10, 1],
      [20, 1],
      [20, 1],
    ]);
  });
});

/** The first fault of the view `minute`, drawn. */
function drawn(told: Pick<History, "messages" | "steps" | "instants">, mutant: Mutant): string | undefined {
  const { run, faults } = judge({ ...told, watermark: "honest", disorder: [0] }, historyViews, mutant);
  const fault = faults.find(({ view }) => view === minute.name);
  return fault && `\n${timeline(run, fault, startMs)}\n`;
}

describe("the timeline of a fault", () => {
  //    0         10        20        30
  //    [ a       [ b       [         )          b is published at 30, when the ends 10 and 30 have fired:
  //              ON_TIME             ON_TIME    only b makes 20 an end at which something changes
  const late = {
    messages: [at("a", 0, 0), at("b", 10, 30)],
    steps: [
      { kind: "read", messages: 1 },
      { kind: "wait", ms: 30 },
      { kind: "fire", ends: 20 },
      { kind: "read", messages: 1 },
    ],
    instants: [],
  } as const;

  test("shows what happened over event time, what was expected and what came", () => {
    expect(drawn(late, mutants["re-emits only rows that had left"])).toMatchInlineSnapshot(`
      "
      Broken: in the end each window holds its events (minute, key u, window -40 to 20)
      slide 10, sizes 20 60, lateness 40, slack 30; 2 messages, 0 of them dead letters

        clock  0     10    20    30    40    50    60    70
            0  x     |     |     |     |     |     |     |      applied a (message a) at 0, published 0
            0  |     |     |     |     |     |     |     |      30 ms pass
           30  ======)     |     |     |     |     |     |      ON_TIME 10, seq 1, empty from 70
           30  ==================)     |     |     |     |      ON_TIME 30, seq 1, empty from 70
           30  |     x     |     |     |     |     |     |      applied b (message b) at 10, published 30
           30  ============)     |     |     |     |     |      not written 20, seq 2, empty from 80
           30  ==================)     |     |     |     |      LATE 30, seq 2, empty from 80
           40  ========================)     |     |     |      ON_TIME 40, seq 2, empty from 80
           70  |     [===================================)      ON_TIME 70, seq 1, empty from 80

      expected  {"seq":2,"n_20":2,"n_60":2,"n_abroad_20":2,"spend_20":25,"spend_60":25}
      got       {"seq":1,"n_20":1,"n_60":1,"n_abroad_20":1,"spend_20":12.5,"spend_60":12.5}
      "
    `);
    expect(drawn(late, {})).toBeUndefined();
  });

  //    panes of [−50, 10)   0: a   1: a b   crash   0: a b c     by index, pane 1 of lost work is the newest
  const recut = {
    messages: [at("a", 0, 0), at("b", 1, 1), at("c", 2, 2)],
    steps: [
      { kind: "read", messages: 1 },
      { kind: "early" },
      { kind: "read", messages: 1 },
      { kind: "early" },
      { kind: "crash" },
      { kind: "read", messages: 3 },
      { kind: "early" },
    ],
    instants: [{ of: 7, besideMs: 0 }],
  } as const;

  test("shows panes that a crash has cut otherwise, and the instant that was asked at", () => {
    expect(drawn(recut, mutants[RECUT])).toMatchInlineSnapshot(`
      "
      Broken: when nothing waits to be told, the answer is the truth (minute, key u, at 2)
      slide 10, sizes 20 60, lateness 40, slack 30; 3 messages, 0 of them dead letters

        clock  0     10    20    30
            0  x     |     |     |      applied a (message a) at 0, published 0
            0  ======)     |     |      EARLY 10, seq 1, empty from 70
            1  x     |     |     |      applied b (message b) at 1, published 1
            1  ======)     |     |      EARLY 10, seq 2, empty from 70
            1  |     |     |     |      crash
            2  x     |     |     |      applied a (message a) at 0, published 0
            2  x     |     |     |      applied b (message b) at 1, published 1
            2  |x    |     |     |      applied c (message c) at 2, published 2
            2  ======)     |     |      EARLY 10, seq 3, empty from 70
           10  ======)     |     |      ON_TIME 10, seq 3, empty from 70
           30  ==================)      ON_TIME 30, seq 3, empty from 70
        asked  |^    |     |     |      2

      expected  {"n_20":{"value":3,"status":"PRESENT"},"n_60":{"value":3,"status":"PRESENT"},"n_abroad_20":{"value":3,"status":"PRESENT"},"spend_20":{"value":37.5,"status":"PRESENT"},"spend_60":{"value":37.5,"status":"PRESENT"}}
      got       {"n_20":{"value":2,"status":"PRESENT"},"n_60":{"value":2,"status":"PRESENT"},"n_abroad_20":{"value":2,"status":"PRESENT"},"spend_20":{"value":25,"status":"PRESENT"},"spend_60":{"value":25,"status":"PRESENT"}}
      "
    `);
    expect(drawn(recut, {})).toBeUndefined();
  });
});
