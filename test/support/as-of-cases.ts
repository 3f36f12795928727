/** Rows, heartbeats and instants in which everything varies that the as-of rule looks at; drawn from a seed. */
import fc from "fast-check";
import { answer, type Answer, paneAt } from "../../pipeline/core/answer.ts";
import type { CompleteThrough } from "../../pipeline/core/complete-through.ts";
import type { StoredRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { testStoredRow } from "./stores.ts";

/** Keys that SQL, JSON and URLs write differently. */
export const KEYS = ["ann", "bob's", "никто"];

/** What is drawn. */
export interface AsOfCases {
  /** A tenth and more of them of another generation, 4. */
  readonly rows: readonly StoredRow[];
  readonly marks: readonly CompleteThrough[];
  /** Instants anywhere, and on and beside those at which answers change. */
  readonly instant: fc.Arbitrary<number>;
}

/**
 * Draws rows of windows that end in the first 90 slides after `startMs`, values among it: two rows tell which of them
 * answered.
 */
export function asOfCases(plan: ViewPlan, startMs: number, generation: number, seed: number): AsOfCases {
  const anyRow: fc.Arbitrary<StoredRow> = fc
    .record({
      key: fc.constantFrom(...KEYS),
      end: fc.integer({ min: 0, max: 90 }),
      seq: fc.integer({ min: 1, max: 3 }),
      // In slides after the window's end, down to `empty_from` at the end itself: the window's last event is its newest.
      newest: fc.integer({ min: 1, max: plan.longestMs / plan.slideMs }),
      delayMs: fc.integer({ min: -60_000, max: 200_000 }),
      generation: fc.constantFrom(generation, generation, generation, 4),
      value: fc.integer({ min: 1, max: 1_000_000 }),
    })
    .map(({ end, newest, delayMs, value, ...drawn }) => {
      const windowEndMs = startMs + end * plan.slideMs;
      return testStoredRow(plan, {
        ...drawn,
        windowEndMs,
        emptyFromMs: windowEndMs - newest * plan.slideMs + plan.longestMs + plan.slideMs,
        availableAtMs: windowEndMs + delayMs,
        values: plan.columns.map(({ type }, i) => (type === "STRING" ? `of ${String(value)}` : value + i)),
      });
    });
  const anyMark: fc.Arbitrary<CompleteThrough> = fc
    .record({ slide: fc.integer({ min: 20, max: 90 }), delayMs: fc.integer({ min: 0, max: 120_000 }) })
    .map(({ slide, delayMs }) => {
      const completeThroughMs = startMs + slide * plan.slideMs;
      return { completeThroughMs, availableAtMs: completeThroughMs + delayMs };
    });
  const rows = sample(anyRow, 150, seed);
  const marks = sample(anyMark, 12, seed + 1);
  const changes = [
    ...rows
      .filter((row) => row.generation === generation)
      .flatMap(({ windowEndMs, availableAtMs, emptyFromMs }) => [windowEndMs, availableAtMs, emptyFromMs]),
    ...marks.map(({ availableAtMs }) => availableAtMs),
  ];
  const instant = fc.oneof(
    fc.integer({ min: startMs - 600_000, max: startMs + 10_800_000 }),
    fc.tuple(fc.constantFrom(...changes), fc.constantFrom(-1, 0, 1)).map(([ms, beside]) => ms + beside),
  );
  return { rows, marks, instant };
}

/** Draws by a seed. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, n: number, seed: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: n });
}

/** What the rule says of a key at `tMs`, of rows of one generation and the marks that were readable then. */
export function ruled(
  plan: ViewPlan,
  rows: readonly StoredRow[],
  marks: readonly CompleteThrough[],
  wanted: string,
  tMs: number,
): Answer {
  const pane = paneAt(
    plan,
    rows.filter(({ key }) => key === wanted),
    tMs,
  );
  const known = marks
    .filter(({ availableAtMs }) => availableAtMs <= tMs)
    .map((mark) => mark.completeThroughMs);
  return answer(plan, pane, tMs, known.length > 0 ? Math.max(...known) : undefined);
}
