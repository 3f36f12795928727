/** What stores and archive would hold of a key whose events are given: for tests of pages and their endpoints. */
import type { KeyFacts } from "../../pipeline/core/audit/explain.ts";
import { judge } from "../../pipeline/core/audit/judge.ts";
import { isChangePoint } from "../../pipeline/core/change-points.ts";
import { emit, toRow } from "../../pipeline/core/emit.ts";
import type { DecodedEvent, PaneTiming, StoredRow } from "../../pipeline/core/model.ts";
import { sliceOf } from "../../pipeline/core/slices.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";

/** From a publish, or a window's end, to a row that can be read. */
const LATENCY_MS = 300;

/** The facts about `key` at `atMs`: a row early for each event, on time at each change point, late where it had passed. */
export function picturedFacts(
  plan: ViewPlan,
  key: string,
  events: readonly DecodedEvent[],
  atMs: number,
): KeyFacts {
  const known = events.filter(({ deliveredTimeMs }) => deliveredTimeMs <= atMs);
  const rows: StoredRow[] = [];
  const add = (beforeMs: number, endMs: number, timing: PaneTiming, at: number) => {
    const { slices } = judge(
      plan,
      known.filter(({ deliveredTimeMs }) => deliveredTimeMs < beforeMs),
    );
    const content = emit(plan, slices, endMs);
    if (content === undefined || (timing !== "EARLY" && !isChangePoint(plan, slices, endMs))) return;
    const row = toRow(plan, key, content, timing);
    rows.push({ ...row, availableAtMs: at + LATENCY_MS, generation: 0, origin: "stream" });
  };
  for (const { event, outcome, sliceMs } of judge(plan, known).judged) {
    if (outcome !== "applied") continue;
    const { deliveredTimeMs } = event;
    const firstEndMs = sliceMs + plan.slideMs;
    const lastMs = Math.min(sliceMs + plan.longestMs + plan.slideMs, sliceOf(atMs, plan.slideMs));
    if (firstEndMs > deliveredTimeMs) add(deliveredTimeMs + 1, firstEndMs, "EARLY", deliveredTimeMs);
    for (let endMs = firstEndMs; endMs <= lastMs; endMs += plan.slideMs) {
      const isLate = endMs <= deliveredTimeMs;
      if (isLate) add(deliveredTimeMs + 1, endMs, "LATE", deliveredTimeMs);
      else add(endMs, endMs, "ON_TIME", endMs);
    }
  }
  const unique = [
    ...new Map(
      rows.map((row) => [`${String(row.windowEndMs)} ${row.timing} ${String(row.seq)}`, row]),
    ).values(),
  ];
  return {
    key,
    history: judge(plan, known),
    offline: unique,
    online: unique,
    completeThroughMs: sliceOf(atMs, plan.slideMs),
  };
}
