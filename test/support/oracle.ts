/**
 * What a view's rows must be, worked out the slow way: no slices, no state, no merging, no aggregation of ours.
 * For every window it takes the events that lie in it and computes each value from the list.
 */
import type { ViewCounts } from "../../pipeline/core/conservation.ts";
import { assign } from "../../pipeline/core/lateness.ts";
import type { DecodedEvent, FeatureRow, FeatureValue } from "../../pipeline/core/model.ts";
import type { FeaturePlan, ViewPlan } from "../../pipeline/core/view-plan.ts";

/** What one window of one key holds. */
export interface OracleWindow {
  readonly seq: number;
  readonly values: readonly FeatureValue[];
}

/** By key, then by window end; windows without events are left out. */
export type OracleWindows = ReadonlyMap<string, ReadonlyMap<number, OracleWindow>>;

export interface OracleView {
  readonly windows: OracleWindows;
  readonly counts: ViewCounts;
}

/** @param events in the order in which they are read, which decides what of two copies counts */
export function oracle(plans: readonly ViewPlan[], events: readonly DecodedEvent[]): Map<string, OracleView> {
  return new Map(plans.map((plan) => [plan.name, viewOracle(plan, events)]));
}

/** One view of `oracle`. */
export function viewOracle(plan: ViewPlan, events: readonly DecodedEvent[]): OracleView {
  const counts = { applied: 0, late: 0, window_closed: 0, filtered: 0, duplicate: 0 };
  const applied = new Map<string, DecodedEvent[]>();
  for (const event of events) {
    const assignment = assign(plan, event);
    if (assignment.outcome !== "candidate") {
      counts[assignment.outcome === "late" ? assignment.reason : "filtered"]++;
      continue;
    }
    const ofKey = applied.get(assignment.key) ?? [];
    if (ofKey.some((other) => isCopy(plan, other, event))) {
      counts.duplicate++;
      continue;
    }
    counts.applied++;
    applied.set(assignment.key, [...ofKey, event]);
  }
  const windows = new Map([...applied].map(([key, ofKey]) => [key, windowsOf(plan, ofKey)]));
  return { windows, counts };
}

/** Same id, and so close that one window could hold both, or that a clock which runs ahead could be the reason. */
export function isCopy(plan: ViewPlan, a: DecodedEvent, b: DecodedEvent): boolean {
  const slice = (event: DecodedEvent) => Math.floor(event.eventTimeMs / plan.slideMs);
  const slices = Math.abs(slice(a) - slice(b));
  const isNear =
    slices < plan.longestMs / plan.slideMs || slices <= Math.ceil(plan.maxClockSkewMs / plan.slideMs);
  return a.eventId === b.eventId && isNear;
}

/** All windows that hold one of a key's events. */
function windowsOf(plan: ViewPlan, events: readonly DecodedEvent[]): Map<number, OracleWindow> {
  const ends = new Set<number>();
  for (const { eventTimeMs } of events) {
    const first = Math.floor(eventTimeMs / plan.slideMs) * plan.slideMs + plan.slideMs;
    for (let end = first; end - plan.longestMs <= eventTimeMs; end += plan.slideMs) ends.add(end);
  }
  return new Map([...ends].sort((a, b) => a - b).map((end) => [end, windowOf(plan, events, end)]));
}

/** What the window that ends at `endMs` holds of a key's events. */
export function windowOf(plan: ViewPlan, events: readonly DecodedEvent[], endMs: number): OracleWindow {
  const inside = (sizeMs: number) =>
    events.filter(({ eventTimeMs }) => endMs - sizeMs <= eventTimeMs && eventTimeMs < endMs);
  const values = plan.columns.map((column) => {
    const feature = plan.features[column.feature] as FeaturePlan;
    return valueOf(feature, inside(column.sizeMs));
  });
  return { seq: inside(plan.longestMs).length, values };
}

function valueOf(feature: FeaturePlan, events: readonly DecodedEvent[]): FeatureValue {
  const taken = events
    .map((event) => ({ event, input: feature.input(event.value as never) as FeatureValue }))
    .filter(({ input }) => (input as unknown) !== undefined)
    .map(({ event, input }) => ({ event, input: input === 0 ? 0 : input })); // no value is −0
  const inputs = taken.map(({ input }) => input);
  const inOrder = [...taken].sort((a, b) =>
    a.event.eventTimeMs === b.event.eventTimeMs
      ? a.event.eventId < b.event.eventId
        ? -1
        : 1
      : a.event.eventTimeMs - b.event.eventTimeMs,
  );
  const ascending = [...(inputs as number[])].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const { name } = feature.aggregation;
  switch (name) {
    case "count":
      return inputs.length;
    case "sum":
      return exactSum(inputs as number[]);
    case "mean":
      return inputs.length === 0 ? null : exactSum(inputs as number[]) / inputs.length;
    case "min":
      return ascending[0] ?? null;
    case "max":
      return ascending.at(-1) ?? null;
    case "first":
      return inOrder[0]?.input ?? null;
    case "last":
      return inOrder.at(-1)?.input ?? null;
    default:
      if (name.startsWith("distinct:")) return distinctOf(Number(name.slice(9)), inputs);
      throw new Error(`the oracle knows no aggregation ${name}`);
  }
}

function distinctOf(limit: number, inputs: readonly FeatureValue[]): number {
  const { size } = new Set(inputs);
  if (size > limit)
    throw new Error(`the oracle can't estimate: ${size} distinct values, the limit is ${limit}`);
  return size;
}

/** The double nearest to the exact sum, by integers in units of 2^-1074. */
export function exactSum(xs: readonly number[]): number {
  return toDouble(xs.reduce((units, x) => units + toUnits(x), 0n));
}

function toUnits(x: number): bigint {
  // Halving the distance to an integer is exact, and so is the count of halvings.
  let scaled = x;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings++;
  }
  return BigInt(scaled) << BigInt(1074 - halvings);
}

/** Between the two doubles around `units`, the nearer one; of equally near ones, the even. */
function toDouble(units: bigint): number {
  if (units < 0n) return 0 - toDouble(-units);
  // Long division by 2^1074, one leading digit after the other, in JavaScript's own decimal parser.
  const whole = units >> 1074n;
  const rest = units - (whole << 1074n);
  const decimals = (rest * 10n ** 1074n) >> 1074n;
  return Number(`${String(whole)}.${String(decimals).padStart(1074, "0")}`);
}

/**
 * The windows that stored rows stand for: of the rows of one window the one with the greatest `seq` (of equal ones
 * the last), carried forward to every later window end until another row or its `empty_from`; a column of size w
 * only until `empty_from − (L − w)`.
 * @param rows in the order in which they were written
 */
export function expand(plan: ViewPlan, rows: Iterable<FeatureRow>): OracleWindows {
  const byKey = new Map<string, Map<number, FeatureRow>>();
  for (const row of rows) {
    const ofKey = byKey.get(row.key) ?? new Map<number, FeatureRow>();
    byKey.set(row.key, ofKey);
    if (row.seq >= (ofKey.get(row.windowEndMs)?.seq ?? 0)) ofKey.set(row.windowEndMs, row);
  }
  return new Map([...byKey].map(([key, ofKey]) => [key, carryForward(plan, [...ofKey.values()])]));
}

function carryForward(plan: ViewPlan, rows: readonly FeatureRow[]): Map<number, OracleWindow> {
  const windows = new Map<number, OracleWindow>();
  const ascending = [...rows].sort((a, b) => a.windowEndMs - b.windowEndMs);
  for (const [i, row] of ascending.entries()) {
    const until = Math.min(row.emptyFromMs, ascending[i + 1]?.windowEndMs ?? Infinity);
    for (let end = row.windowEndMs; end < until; end += plan.slideMs) {
      const values = plan.columns.map(({ feature, sizeMs }, column) => {
        const hasLeft = row.emptyFromMs - (plan.longestMs - sizeMs) <= end;
        const { aggregation } = plan.features[feature] as FeaturePlan;
        return hasLeft ? aggregation.empty : (row.values[column] as FeatureValue);
      });
      windows.set(end, { seq: row.seq, values });
    }
  }
  return windows;
}
