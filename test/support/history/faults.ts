import { sliceOf } from "../../../pipeline/core/slices.ts";
import type { DecodedEvent, FeatureRow } from "../../../pipeline/core/model.ts";
import type { ColumnPlan, ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { windowOf } from "../oracle.ts";

/** A promise that a run broke. */
export interface Fault {
  /** The promise, as a sentence. */
  readonly rule: string;
  readonly view: string;
  readonly key?: string;
  /** The window that it concerns. */
  readonly endMs?: number;
  /** The instant that was asked at. */
  readonly atMs?: number;
  readonly expected: unknown;
  readonly got: unknown;
}

/** A row's content as the events of its key say it, worked out the slow way. */
export function truthOf(plan: ViewPlan, events: readonly DecodedEvent[], endMs: number) {
  const inside = events.filter(({ eventTimeMs: t }) => endMs - plan.longestMs <= t && t < endMs);
  const newestMs = Math.max(...inside.map(({ eventTimeMs }) => eventTimeMs));
  const { seq, values } = windowOf(plan, events, endMs);
  return {
    seq,
    ...named(plan, values),
    maxEventTimeMs: newestMs,
    emptyFromMs: sliceOf(newestMs, plan.slideMs) + plan.longestMs + plan.slideMs,
  };
}

/**
 * What every row must be when it leaves, whatever comes later: true of the events that have been applied, and at a
 * window end at which something changed.
 */
export function rowFaults(
  plan: ViewPlan,
  { key, ...row }: FeatureRow,
  events: readonly DecodedEvent[],
): Fault[] {
  const { windowEndMs: endMs, seq, values, maxEventTimeMs, emptyFromMs } = row;
  const faults: Fault[] = [];
  const where = { view: plan.name, key, endMs };
  const expected = truthOf(plan, events, endMs);
  const got = { seq, ...named(plan, values), maxEventTimeMs, emptyFromMs };
  if (!isSame(expected, got))
    faults.push({ rule: "a row is true of the events read so far", ...where, expected, got });

  const newest = endMs - plan.slideMs;
  const edges = [newest, ...(row.timing === "EARLY" ? [] : plan.sizesMs.map((sizeMs) => newest - sizeMs))];
  const isChange = events.some((event) => edges.includes(sliceOf(event.eventTimeMs, plan.slideMs)));
  if (!isChange)
    faults.push({
      rule: `a row that is ${row.timing} tells of a change`,
      ...where,
      expected: edges,
      got: "no event in any of these slices",
    });
  return faults;
}

/** What stands for each column, by its name. */
export function named<T>(plan: ViewPlan, columns: readonly T[]): Record<string, T> {
  return Object.fromEntries(columns.map((column, i) => [(plan.columns[i] as ColumnPlan).name, column]));
}

/** Whether two plain values are the same to the last bit, as text (−0 never leaves a view). */
export function isSame(a: unknown, b: unknown): boolean {
  return show(a) === show(b);
}

/** A plain value on one line; instants as they are. */
export function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Map) return show([...value]);
  return JSON.stringify(value, (_, v: unknown) =>
    typeof v === "number" && !Number.isFinite(v) ? String(v) : v instanceof Map ? [...v] : v,
  );
}
