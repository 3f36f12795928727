import { type Answer, answer, currentEnd, paneAt } from "../answer.ts";
import type { CompleteThrough } from "../complete-through.ts";
import { featureVector } from "../feature-vector.ts";
import { formatInstant } from "../instant.ts";
import type { FeatureValue, StoredRow } from "../model.ts";
import type { ServedColumn, ServicePlan } from "../service-plan.ts";

/** A feature as a caller got it; more may stand beside. */
export interface LoggedFeature {
  readonly value: FeatureValue;
  readonly status: string;
  readonly seq: number | null;
  readonly stale: boolean;
  /** RFC 3339. */
  readonly as_of: string | null;
}

/** What there is to hold a vector to, by the index of a view of its service; in any order. */
export interface Offline {
  /** The key's rows. */
  rows(view: number): readonly StoredRow[];
  /** The view's heartbeats: those that were readable then, back to the oldest that a server may have known last. */
  marks(view: number): readonly CompleteThrough[];
}

/** A vector as it was served. */
export interface LoggedVector {
  readonly features: Readonly<Record<string, LoggedFeature>>;
  /** As the service's schema gave it. */
  readonly request: unknown;
  /** The instant that it answers for, epoch ms. */
  readonly tMs: number;
}

/**
 * What came of a vector: it is what the rule says of its time; or a pane was served before the offline store says that
 * it could be (`available_at` is an upper bound), by `leadMs` at most; or neither.
 */
export type ServedVerdict =
  | {
      readonly outcome: "same" | "ahead";
      readonly leadMs: number;
      /** How long newer heartbeats were readable that `as_of` and `stale` don't know of. */
      readonly behindMs: number;
    }
  | { readonly outcome: "differs"; readonly features: readonly string[] };

/**
 * Holds a served vector to the offline rows: values, statuses and `seq`, and what is computed on demand from them. A
 * server reads heartbeats now and then, so `as_of` and `stale` are held to any heartbeat that was readable by then, one for
 * all features of a view: they may tell less than was known, and never more.
 * @param graceMs how long before its `available_at` a pane or a heartbeat may have been served
 */
export function judgeServed(
  plan: ServicePlan,
  logged: LoggedVector,
  offline: Offline,
  graceMs: number,
): ServedVerdict {
  const answers: Answer[] = [];
  let [leadMs, behindMs] = [0, 0];
  for (const [i, view] of plan.views.entries()) {
    const columns = plan.columns.filter((column) => column.view === i);
    const rows = offline.rows(i).filter((row) => row.windowEndMs <= currentEnd(view, logged.tMs));
    const later = rows.map((row) => row.availableAtMs - logged.tMs).filter((ms) => ms > 0 && ms <= graceMs);
    const at = (ms: number, throughMs?: number) =>
      answer(view, paneAt(view, rows, logged.tMs + ms), logged.tMs, throughMs);
    const found = [0, ...later.sort((a, b) => a - b)].find(
      (ms) => differing(columns, at(ms), logged).length === 0,
    );
    if (found === undefined) return { outcome: "differs", features: differing(columns, at(0), logged) };
    const marks = offline
      .marks(i)
      .filter(({ availableAtMs }) => availableAtMs <= logged.tMs + graceMs)
      .sort((a, b) => b.completeThroughMs - a.completeThroughMs);
    const known = [...marks.map((mark) => mark.completeThroughMs), undefined].findIndex(
      (throughMs) => untimely(columns, at(found, throughMs), logged).length === 0,
    );
    if (known < 0) {
      return {
        outcome: "differs",
        features: untimely(columns, at(found, marks[0]?.completeThroughMs), logged),
      };
    }
    answers.push(at(found, marks[known]?.completeThroughMs));
    leadMs = Math.max(leadMs, found);
    for (const { availableAtMs } of marks.slice(0, known))
      behindMs = Math.max(behindMs, logged.tMs - availableAtMs);
  }
  const computed = differingOnDemand(plan, answers, logged);
  if (computed.length > 0) return { outcome: "differs", features: computed };
  return { outcome: leadMs === 0 ? "same" : "ahead", leadMs, behindMs };
}

/** Names of stored features whose values are not what a view's answer says. */
function differing(
  columns: readonly ServedColumn[],
  { columns: answered, pane }: Answer,
  { features }: LoggedVector,
): string[] {
  return columns
    .filter(({ name, column, missing }) => {
      const { value, status } = answered[column] as Answer["columns"][number];
      const expected = missing === "null" && status === "DEFAULT" ? null : value;
      const got = features[name];
      return got?.value !== expected || got.status !== status || got.seq !== (pane?.seq ?? 0);
    })
    .map(({ name }) => name);
}

/** Names of stored features that were known to be of another instant than a view's answer is. */
function untimely(columns: readonly ServedColumn[], answered: Answer, { features }: LoggedVector): string[] {
  return columns.filter(({ name }) => !isTimely(features[name], answered)).map(({ name }) => name);
}

function isTimely(
  got: LoggedFeature | undefined,
  { stale, asOfMs }: Pick<Answer, "stale" | "asOfMs">,
): boolean {
  return got?.stale === stale && got.as_of === (asOfMs === undefined ? null : formatInstant(asOfMs));
}

function differingOnDemand(plan: ServicePlan, answers: readonly Answer[], logged: LoggedVector): string[] {
  const vector = featureVector(plan, answers, logged.request, logged.tMs);
  if (vector.fault !== undefined) return [vector.fault.feature];
  return vector.features
    .filter((feature) => {
      const got = logged.features[feature.name];
      return feature.status === "COMPUTED" && (got?.value !== feature.value || !isTimely(got, feature));
    })
    .map(({ name }) => name);
}
