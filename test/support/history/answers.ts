import { answer, cellLimitMs, paneAt } from "../../../pipeline/core/answer.ts";
import { cellTimestampMs } from "../../../pipeline/core/cell.ts";
import type { DecodedEvent, StoredRow } from "../../../pipeline/core/model.ts";
import { sliceOf } from "../../../pipeline/core/slices.ts";
import type { FeaturePlan, ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { isSame, named, type Fault } from "./faults.ts";
import type { Mutant } from "./mutants.ts";
import type { Moment } from "./run.ts";
import { windowOf } from "../oracle.ts";
import type { ViewRun } from "./view-run.ts";

/**
 * The online store, which knows no `available_at` but keeps one cell a timestamp: the newest one below the limit must
 * be the pane that the offline rows give. Where a window holds as many events as its slide has milliseconds, it
 * need not, and isn't asked.
 */
export function onlineFaults(view: ViewRun, clockMs: number): Fault[] {
  const { plan, rows } = view;
  const faults: Fault[] = [];
  for (const [key, ofKey] of Map.groupBy(rows, (row) => row.key)) {
    if (ofKey.some(({ seq }) => seq >= plan.slideMs)) continue;
    const cells = new Map(ofKey.map((row) => [cellTimestampMs(row, plan.slideMs), row]));
    const limitMs = cellLimitMs(plan, clockMs);
    const newestMs = Math.max(...[...cells.keys()].filter((timestampMs) => timestampMs < limitMs));
    const expected = content(paneAt(plan, ofKey, clockMs));
    const got = content(cells.get(newestMs));
    if (!isSame(expected, got) && !mayBeUnsettled(view, key, clockMs)) {
      const rule = "the newest cell is the fullest pane of the newest window";
      faults.push({ rule, view: plan.name, key, atMs: clockMs, expected, got });
    }
  }
  return faults;
}

/** Whether what answers at an instant may be such a row. @see ViewRun.isUnsettled */
function mayBeUnsettled(view: ViewRun, key: string, tMs: number): boolean {
  const { slideMs, longestMs } = view.plan;
  const closedMs = sliceOf(tMs, slideMs);
  return view.isUnsettled(key, closedMs - longestMs, closedMs + slideMs);
}

function content(row: StoredRow | undefined) {
  return row && { endMs: row.windowEndMs, seq: row.seq, values: row.values };
}

/** How many answers were held against the whole truth, and how many of those said something. */
export interface Asked {
  readonly exact: number;
  readonly present: number;
}

/**
 * What a view answers at an instant, for every key that has ever been told of.
 * - When nothing waits to be told, the answer is the truth: each value that of the events applied in its window, and a
 *   default exactly where `[closed − w, closed)` holds none (with early rows: `[closed − w, closed + s)`).
 * - At any instant it counts at least what had been applied when nothing waited the last time.
 */
export function answerFaults(
  view: ViewRun,
  moments: readonly Moment[],
  tMs: number,
  pane: NonNullable<Mutant["pane"]> = paneAt,
): { readonly faults: readonly Fault[]; readonly asked: Asked } {
  const { plan } = view;
  const past = moments.filter(({ clockMs }) => clockMs <= tMs);
  const now = past.at(-1);
  const calm = past.findLast(({ isCalm }) => isCalm);
  const closedMs = sliceOf(tMs, plan.slideMs);
  const faults: Fault[] = [];
  let [exact, present] = [0, 0];
  if (now === undefined || calm === undefined) return { faults, asked: { exact, present } };
  for (const [key, events] of calm.applied) {
    if (mayBeUnsettled(view, key, tMs)) continue;
    const where = { view: plan.name, key, atMs: tMs };
    const chosen = pane(plan, view.readable(key, tMs), tMs);
    if (now === calm && now.nextMs > closedMs) {
      exact++;
      const truth = truthAt(plan, events, closedMs);
      const { columns } = answer(plan, chosen, tMs, closedMs);
      if (truth.some(({ status }) => status === "PRESENT")) present++;
      const [expected, got] = [named(plan, truth), named(plan, columns)];
      const rule = "when nothing waits to be told, the answer is the truth";
      if (!isSame(expected, got)) faults.push({ rule, ...where, expected, got });
    } else if (chosen) {
      const { windowEndMs: endMs } = chosen;
      const known = events.filter(({ eventTimeMs: t }) => endMs - plan.longestMs <= t && t < endMs).length;
      const rule = "an answer counts at least what was applied when nothing waited the last time";
      if (chosen.seq < known) faults.push({ rule, ...where, endMs, expected: known, got: chosen.seq });
    }
  }
  return { faults, asked: { exact, present } };
}

/** The whole answer from a key's events alone. */
function truthAt(plan: ViewPlan, events: readonly DecodedEvent[], closedMs: number) {
  const openMs = closedMs + plan.slideMs;
  const isOpen =
    plan.earlyMs !== undefined && events.some(({ eventTimeMs: t }) => closedMs <= t && t < openMs);
  const endMs = isOpen ? openMs : closedMs;
  const { values } = windowOf(plan, events, endMs);
  return plan.columns.map(({ sizeMs, feature }, i) => {
    const isIn = ({ eventTimeMs: t }: DecodedEvent) => closedMs - sizeMs <= t && t < endMs;
    return events.some(isIn)
      ? { value: values[i], status: "PRESENT" }
      : { value: (plan.features[feature] as FeaturePlan).aggregation.empty, status: "DEFAULT" };
  });
}
