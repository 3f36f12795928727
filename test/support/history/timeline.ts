import { isDeadLetter } from "../../../pipeline/core/decode.ts";
import type { DecodedEvent } from "../../../pipeline/core/model.ts";
import { sliceOf } from "../../../pipeline/core/slices.ts";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { isSame, show, type Fault } from "./faults.ts";
import type { Run } from "./run.ts";

const SLICE_WIDTH = 6;

/**
 * A fault and what led to it, for a person: one line a happening, in the order of the clock, over an axis of event time.
 * Instants are ms from the history's start.
 *
 *     clock        0     10    20    30      in slices of 10 ms
 *         5        | a   |     |     |       applied e0, published 5
 *        10        [=====)     |     |       ON_TIME 10, seq 1
 */
export function timeline(run: Run, fault: Fault, startMs: number): string {
  const { plan } = run.views.find(({ view }) => view.plan.name === fault.view)?.view as { plan: ViewPlan };
  const shown = run.happenings.filter(
    ({ view, key }) =>
      view === undefined || (view === fault.view && (fault.key === undefined || key === fault.key)),
  );
  const marks = shown.flatMap(({ event, row }) => [
    ...(event ? [event.eventTimeMs] : []),
    ...(row ? [row.windowEndMs - plan.slideMs] : []),
  ]);
  if (fault.endMs !== undefined) marks.push(fault.endMs - plan.slideMs);
  if (fault.atMs !== undefined) marks.push(fault.atMs);
  const fromMs = sliceOf(marks.length ? Math.min(...marks) : startMs, plan.slideMs);
  const slices = (sliceOf(Math.max(fromMs, ...marks), plan.slideMs) - fromMs) / plan.slideMs + 1;
  const ends = Array.from({ length: slices + 1 }, (_, i) => fromMs + i * plan.slideMs);
  const at = (ms: number) => Math.floor(((ms - fromMs) / plan.slideMs) * SLICE_WIDTH);
  const since = (ms: number) => String(ms - startMs);
  const grid = () => ends.map(() => "|".padEnd(SLICE_WIDTH)).join("");
  const line = (clock: string, drawing: string, words: string) =>
    `${clock.padStart(7)}  ${drawing} ${words}`.trimEnd();

  const lines = shown.map(({ clockMs, what, event, row }) => {
    if (event)
      return line(since(clockMs), put(grid(), at(event.eventTimeMs), "x"), `${what} ${nameOf(event, since)}`);
    if (!row) return line(since(clockMs), grid(), what);
    const [from, to] = [at(row.windowEndMs - plan.longestMs), at(row.windowEndMs)];
    const bar = Math.max(from, 0);
    const window = put(put(grid(), bar, "=".repeat(to - bar)), to, ")");
    const drawing = from >= 0 ? put(window, from, "[") : window;
    const says = `${what} ${since(row.windowEndMs)}, seq ${String(row.seq)}, empty from ${since(row.emptyFromMs)}`;
    return line(since(clockMs), drawing, says);
  });
  const asked =
    fault.atMs === undefined ? [] : [line("asked", put(grid(), at(fault.atMs), "^"), since(fault.atMs))];
  const about = [
    fault.view,
    ...(fault.key === undefined ? [] : [`key ${fault.key}`]),
    ...(fault.endMs === undefined
      ? []
      : [`window ${since(fault.endMs - plan.longestMs)} to ${since(fault.endMs)}`]),
    ...(fault.atMs === undefined ? [] : [`at ${since(fault.atMs)}`]),
  ].join(", ");
  const dead = run.read.filter(isDeadLetter).length;
  return [
    `Broken: ${fault.rule} (${about})`,
    `slide ${String(plan.slideMs)}, sizes ${plan.sizesMs.join(" ")}, lateness ${String(plan.allowedLatenessMs)}, ` +
      `slack ${String(plan.slackMs)}; ${String(run.read.length)} messages, ${String(dead)} of them dead letters`,
    "",
    line("clock", ends.map((ms) => since(ms).padEnd(SLICE_WIDTH)).join(""), ""),
    ...lines,
    ...asked,
    "",
    `expected  ${show(unlike(fault.expected, fault.got))}`,
    `got       ${show(unlike(fault.got, fault.expected))}`,
  ].join("\n");
}

function nameOf(event: DecodedEvent, since: (ms: number) => string): string {
  const { eventId, messageId, publishTimeMs, deliveredTimeMs, clamped } = event;
  const times = [`at ${since(event.eventTimeMs)}`, `published ${since(publishTimeMs)}`];
  if (deliveredTimeMs !== publishTimeMs) times.push(`again ${since(deliveredTimeMs)}`);
  if (clamped) times.push(`clamped from ${since(event.rawEventTimeMs)}`);
  return `${eventId} (${messageId}) ${times.join(", ")}`;
}

/** Of two records, what the first one says otherwise. */
function unlike(one: unknown, other: unknown): unknown {
  if (!isRecord(one) || !isRecord(other)) return one ?? "nothing";
  return Object.fromEntries(Object.entries(one).filter(([name, value]) => !isSame(value, other[name])));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function put(text: string, at: number, what: string): string {
  return at < 0 ? text : text.slice(0, at).padEnd(at) + what + text.slice(at + what.length);
}
