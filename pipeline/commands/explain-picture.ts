import { formatDuration } from "../core/duration.ts";
import type { ExplainedEvent, ExplainedPane, Explanation } from "../core/audit/explain.ts";
import { formatInstant } from "../core/instant.ts";
import type { ViewPlan } from "../core/view-plan.ts";

/** Characters of the time line at most. */
const WIDTH = 72;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** An explanation as lines of text: a time line, the events, the panes, the rule. */
export function explainPicture(plan: ViewPlan, explanation: Explanation): string[] {
  const { key, tMs } = explanation;
  return [
    `${plan.name} v${String(plan.version)}   ${plan.keyField} = ${key}   at ${formatInstant(tMs)}`,
    "",
    ...timeLine(plan, explanation),
    "",
    ...eventLines(plan, explanation),
    "",
    ...paneLines(explanation),
    "",
    ...ruleLines(plan, explanation),
  ];
}

/*
 *              12:00      12:30     13:00
 *   slices     ..1....................2.|     events applied in each slice
 *   30m                   [-------------)     the window of each size
 *   1h          [-----------------------)
 *   events       a                    bc      where each happened: letters of the list below
 */
function timeLine(plan: ViewPlan, { sinceMs, currentMs, closedMs, slices, events }: Explanation): string[] {
  const count = (currentMs - sinceMs) / plan.slideMs;
  const perChar = Math.ceil(count / WIDTH);
  const width = Math.ceil(count / perChar);
  const column = (ms: number) => Math.floor((ms - sinceMs) / plan.slideMs / perChar);
  const applied = new Array<number>(width).fill(0);
  for (const { sliceMs, events: n } of slices) applied[column(sliceMs)] = (applied[column(sliceMs)] ?? 0) + n;
  const marks = new Array<string>(width).fill(" ");
  for (const [i, { sliceMs }] of events.entries()) {
    if (sliceMs < sinceMs) continue; // it happened long before: the list tells of it
    const at = column(sliceMs);
    marks[at] = marks[at] === " " ? letter(i) : "*";
  }
  const [from, to] = [clock(sinceMs), clock(currentMs)];
  return [
    `  ${"".padEnd(8)} ${from}${to.padStart(Math.max(width + 1 - from.length, to.length + 1))}`,
    `  ${"slices".padEnd(8)} ${applied.map((n) => (n === 0 ? "." : n > 9 ? "+" : String(n))).join("")}|   ${formatDuration(perChar * plan.slideMs)} each`,
    ...plan.sizesMs.map((sizeMs) => {
      const start = column(currentMs - sizeMs);
      const line = `[${"-".repeat(Math.max(0, width - start - 1))})`;
      return `  ${formatDuration(sizeMs).padEnd(8)} ${" ".repeat(start)}${line}`;
    }),
    `  ${"events".padEnd(8)} ${marks.join("").trimEnd()}`,
    `  the window of now ends at ${clock(currentMs)}; the newest that is over, at ${clock(closedMs)}`,
  ];
}

function eventLines(plan: ViewPlan, { hasArchive, events }: Explanation): string[] {
  if (!hasArchive) return ["the raw archive is empty here: panes only"];
  if (events.length === 0) return ["events: the archive holds none of this key near the window"];
  return [
    "events of the archive, in publish order",
    ...events.map((event, i) => `  ${letter(i)}  ${describe(plan, event)}`),
  ];
}

function describe(plan: ViewPlan, { event, outcome, isInWindow, panes }: ExplainedEvent): string {
  const delayMs = event.publishTimeMs - event.eventTimeMs;
  const redriven = event.deliveredTimeMs !== event.publishTimeMs;
  const facts = [
    `${event.eventId}  message ${event.messageId}`,
    `happened ${formatInstant(event.eventTimeMs)}`,
    `published ${seconds(delayMs)} later`,
    ...(redriven ? [`again ${formatInstant(event.deliveredTimeMs)}`] : []),
    ...(event.clamped ? [`clamped: its clock said ${formatInstant(event.rawEventTimeMs)}`] : []),
    ...(outcome === "late"
      ? [`later than the allowed lateness of ${formatDuration(plan.allowedLatenessMs)}`]
      : []),
    ...(outcome === "duplicate" ? ["its event id was there already"] : []),
    ...(outcome === "filtered" ? ["refused by the view's own where"] : []),
    ...(outcome === "window_closed" ? ["its windows had been collected"] : []),
    ...(outcome === "applied" ? [firstSeen(event.publishTimeMs, panes[0])] : []),
    ...(isInWindow ? [] : ["has left the window"]),
  ];
  return `${outcome.padEnd(13)} ${facts.join("; ")}`;
}

function firstSeen(publishTimeMs: number, pane: ExplainedPane | undefined): string {
  if (pane === undefined) return "in no pane yet";
  const { row, availableAtMs } = pane;
  const name = `${row.timing} pane of ${clock(row.windowEndMs)}, seq ${String(row.seq)}`;
  if (availableAtMs === undefined) return `first in the ${name}`;
  return `first in the ${name}, readable ${seconds(availableAtMs - publishTimeMs)} after its publish`;
}

function paneLines({ panes }: Explanation): string[] {
  if (panes.length === 0) return ["panes: none of a window that reaches this instant"];
  return [
    "panes of the windows that reach this instant (→ answers)",
    ...panes.map((pane) => {
      const { row, availableAtMs, isOnline, isOffline } = pane;
      const stores = isOnline && isOffline ? "both stores" : isOnline ? "online only" : "offline only";
      const readable = availableAtMs === undefined ? "" : `, available ${formatInstant(availableAtMs)}`;
      return `  ${pane.isChosen ? "→" : " "}  ${formatInstant(row.windowEndMs)}  ${row.timing.padEnd(7)}  seq ${String(row.seq)}  ${stores}${readable}${pane.wasReadable ? "" : ", not yet readable then"}`;
    }),
  ];
}

function ruleLines(plan: ViewPlan, explanation: Explanation): string[] {
  const { closedMs, currentMs, tMs, completeThroughMs, answer, columns, panes, recomputed } = explanation;
  const chosen = panes.find(({ isChosen }) => isChosen)?.row;
  const width = Math.max(...columns.map(({ name }) => name.length));
  return [
    "the answer, step by step",
    `  closed = ${formatInstant(closedMs)}   current = ${formatInstant(currentMs)}`,
    chosen === undefined
      ? "  pane: none, so every column has its default"
      : `  pane: window end ${formatInstant(chosen.windowEndMs)}, seq ${String(chosen.seq)}: the greatest (window end, seq) readable then; empty from ${formatInstant(chosen.emptyFromMs)}`,
    ...columns.map(({ name, value, status, leavesMs }) => {
      const test =
        leavesMs === undefined
          ? ""
          : `  leaves ${formatInstant(leavesMs)} ${leavesMs <= closedMs ? "<=" : ">"} closed`;
      return `  ${name.padEnd(width)}  ${String(value).padStart(12)}  ${status.padEnd(7)}${test}`;
    }),
    completeThroughMs === undefined
      ? "  complete_through is unknown: STALE"
      : `  complete_through ${formatInstant(completeThroughMs)}, ${seconds(tMs - completeThroughMs)} before: ${answer.stale ? "STALE" : "fresh"} (freshness ${formatDuration(plan.freshnessMs)})`,
    `  as of ${answer.asOfMs === undefined ? "unknown" : formatInstant(answer.asOfMs)}`,
    ...(chosen && recomputed ? [recomputedLine(chosen.seq, recomputed.seq)] : []),
  ];
}

function recomputedLine(seq: number, recomputed: number): string {
  if (seq === recomputed) return "  the archive's events of this window add up to the same number of events";
  return `  the archive has ${String(recomputed)} events of this window by now, the pane ${String(seq)}: newer ones are on their way, or freshet parity says why`;
}

function letter(i: number): string {
  return LETTERS[i] ?? "*";
}

/** The time of day, UTC: `12:30`, with seconds where there are any. */
function clock(ms: number): string {
  const text = formatInstant(ms);
  return text.slice(11, text.slice(17, 23) === "00.000" ? 16 : 19);
}

function seconds(ms: number): string {
  return `${String(Math.round(ms / 100) / 10)} s`;
}
