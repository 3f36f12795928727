import { isChangePoint, nextChangePoint } from "../change-points.ts";
import { emit } from "../emit.ts";
import type { FeatureRow } from "../model.ts";
import type { SlicePartial } from "../slice-partial.ts";
import type { ViewPlan } from "../view-plan.ts";
import {
  type AuditedStore,
  contentDifference,
  type Difference,
  type DifferenceKind,
  type RowContent,
  sameValue,
} from "./difference.ts";
import { type KeyHistory, slicesOf } from "./judge.ts";

/*
 * Whether both stores hold of a key what its events add up to, window by window.
 *
 * Looked at are the change points of the key's events, and every window that a store has a row of. At a change point a
 * row must stand. Between two of them nothing changes: there an older row speaks until its `empty_from`, which is
 * compared too, so the windows that emit-on-change left out are right where those around them are. A strategy that
 * writes a row for every window is held to the same.
 *
 *     events     [ a )[   )[   )[   )         L = 3 slides, one size
 *     windows         1    2    3    4
 *     must stand      *                       a entered
 *     may stand       *    *    *             and is held to what emit() says there
 *     never                          *        a has left: empty_from = 4
 */

/** What may be compared at this moment. */
export interface Scope {
  /** Window ends from here, inclusive, ms. */
  readonly fromMs: number;
  /** To here, inclusive: no further than `complete_through`. */
  readonly toMs: number;
  /** Events published at or after this are on their way: what they touch is not judged yet. */
  readonly horizonMs: number;
  /** Windows that end at or before this may have been collected online. */
  readonly collectedMs: number;
  /** From so many cells on, the online store may have dropped older ones of a key. */
  readonly maxVersions: number;
}

/** A cell that can't be read. */
export interface UnreadableCell {
  readonly windowEndMs: number;
  readonly detail: string;
}

/** All that is known of one key. */
export interface KeyRecord {
  readonly key: string;
  /** `undefined` where there is no archive: then the stores are compared with each other. */
  readonly history: KeyHistory | undefined;
  /** Rows of the online store, any number a window. */
  readonly online: readonly FeatureRow[];
  readonly unreadable: readonly UnreadableCell[];
  /** Rows of the offline store, any number a window. */
  readonly offline: readonly FeatureRow[];
}

/** What came of a key. */
export interface KeyVerdict {
  readonly differences: readonly Difference[];
  /** Windows that were compared. */
  readonly windows: number;
  /** Windows left out, since an event or row of theirs is newer than the horizon. */
  readonly pending: number;
  /** Of those compared, windows that may be gone online: only the offline row was held to the events. */
  readonly offlineOnly: number;
  /** Compared windows without a row in some store, though an event published before their end calls for one. */
  readonly missingOnTimeRows: number;
}

/** Compares what is known of a key. Without an archive the stores are held to each other. */
export function compareKey(plan: ViewPlan, record: KeyRecord, scope: Scope): KeyVerdict {
  const { key, history } = record;
  const stores = { online: newestRows(record.online), offline: newestRows(record.offline) };
  const unreadable = new Map(record.unreadable.map((cell) => [cell.windowEndMs, cell]));
  const slices = history?.slices ?? [];
  const underWay = (history?.judged ?? [])
    .filter(({ event, outcome }) => outcome === "applied" && event.deliveredTimeMs >= scope.horizonMs)
    .map(({ sliceMs }) => sliceMs);
  const oldestOnlineMs = oldestKept(record, scope);
  const differences: Difference[] = [];
  const counts = { windows: 0, pending: 0, offlineOnly: 0, missingOnTimeRows: 0 };

  const storedEnds = [...stores.online.keys(), ...stores.offline.keys(), ...unreadable.keys()];
  for (const endMs of endsOf(plan, slices, storedEnds, scope)) {
    const found = { online: stores.online.get(endMs), offline: stores.offline.get(endMs) };
    const rows = [found.online, found.offline].filter((row) => row !== undefined);
    // An event that has just left decides whether a row must stand, as one within the window does.
    const isTouched = (sliceMs: number) =>
      sliceMs < endMs && sliceMs >= endMs - plan.longestMs - plan.slideMs;
    if (underWay.some(isTouched) || rows.some((row) => row.maxPublishTimeMs >= scope.horizonMs)) {
      counts.pending++;
      continue;
    }
    counts.windows++;
    const expected = history === undefined ? (found.offline ?? found.online) : emit(plan, slices, endMs);
    const isDue = expected !== undefined && (rows.length > 0 || isChangePoint(plan, slices, endMs));
    const near = (history?.judged ?? []).filter(({ sliceMs }) => isTouched(sliceMs));
    const differs = (store: AuditedStore, kind: DifferenceKind, detail?: string) =>
      differences.push({
        ...{ kind, store, key, windowEndMs: endMs },
        ...sides(plan, expected, found[store]),
        events: near,
        ...(detail !== undefined && { detail }),
      });

    const offline = kindOf("offline", expected, found.offline, isDue);
    if (offline) differs("offline", offline);
    const broken = unreadable.get(endMs);
    let online: DifferenceKind | undefined;
    if (broken) differs("online", "unreadable_cell", broken.detail);
    else if (endMs < oldestOnlineMs) counts.offlineOnly++;
    else if ((online = kindOf("online", expected, found.online, isDue))) differs("online", online);
    const isMissing = offline === "missing_offline" || online === "missing_online";
    if (isMissing && history && isDueOnTime(plan, history, endMs)) counts.missingOnTimeRows++;
  }
  return { differences, ...counts };
}

/** Of the rows of each window the one with most events; of equal ones the last. */
function newestRows(rows: readonly FeatureRow[]): ReadonlyMap<number, FeatureRow> {
  const newest = new Map<number, FeatureRow>();
  for (const row of rows) {
    if (row.seq >= (newest.get(row.windowEndMs)?.seq ?? -1)) newest.set(row.windowEndMs, row);
  }
  return newest;
}

/** The least window end whose online row is surely still kept. */
function oldestKept({ online, unreadable }: KeyRecord, { collectedMs, maxVersions }: Scope): number {
  const afterAge = collectedMs + 1;
  if (online.length + unreadable.length < maxVersions) return afterAge;
  return Math.max(afterAge, Math.min(...[...online, ...unreadable].map(({ windowEndMs }) => windowEndMs)));
}

/** Window ends to look at, ascending. */
function endsOf(
  plan: ViewPlan,
  slices: readonly SlicePartial[],
  stored: readonly number[],
  { fromMs, toMs }: Scope,
): number[] {
  const ends = new Set(stored.filter((endMs) => endMs >= fromMs && endMs <= toMs));
  for (let end = nextChangePoint(plan, slices, fromMs - 1); end !== undefined && end <= toMs;) {
    ends.add(end);
    end = nextChangePoint(plan, slices, end);
  }
  return [...ends].sort((a, b) => a - b);
}

function kindOf(
  store: AuditedStore,
  expected: RowContent | undefined,
  found: RowContent | undefined,
  isDue: boolean,
): DifferenceKind | undefined {
  if (found === undefined) return isDue ? `missing_${store}` : undefined;
  return expected === undefined ? "unexpected_row" : contentDifference(expected, found);
}

/** Whether the events published before a window's end were enough for a row of it. */
function isDueOnTime(plan: ViewPlan, history: KeyHistory, endMs: number): boolean {
  const slices = slicesOf(plan, history, ({ event }) => event.publishTimeMs < endMs);
  return emit(plan, slices, endMs) !== undefined && isChangePoint(plan, slices, endMs);
}

function sides(
  plan: ViewPlan,
  expected: RowContent | undefined,
  found: RowContent | undefined,
): Pick<Difference, "expected" | "found" | "columns"> {
  const differing = plan.columns.filter(
    (_, i) => expected && found && !sameValue(expected.values[i], found.values[i]),
  );
  return {
    expected: expected && contentOf(expected),
    found: found && contentOf(found),
    columns: differing.map(({ name }) => name),
  };
}

function contentOf({ seq, values, emptyFromMs }: RowContent): RowContent {
  return { seq, values, emptyFromMs };
}
