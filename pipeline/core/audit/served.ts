import { type Answer, answer, currentEnd, paneAt } from "../answer.ts";
import { featureVector } from "../feature-vector.ts";
import type { FeatureValue, StoredRow } from "../model.ts";
import type { ServedColumn, ServicePlan } from "../service-plan.ts";

/** A feature as a caller got it; more may stand beside. */
export interface LoggedFeature {
  readonly value: FeatureValue;
  readonly status: string;
  readonly seq: number | null;
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
  | { readonly outcome: "same" }
  | { readonly outcome: "ahead"; readonly leadMs: number }
  | { readonly outcome: "differs"; readonly features: readonly string[] };

/**
 * Holds a served vector to the offline rows: values, statuses and `seq`, and what is computed on demand from them. `as_of`
 * and `stale` are left out: they tell when the server last read the heartbeats.
 * @param rowsOf the key's rows of a view of the service, by its index, in any order
 * @param graceMs how long before its `available_at` a pane may have been served
 */
export function judgeServed(
  plan: ServicePlan,
  logged: LoggedVector,
  rowsOf: (view: number) => readonly StoredRow[],
  graceMs: number,
): ServedVerdict {
  const answers: Answer[] = [];
  let leadMs = 0;
  for (const [i, view] of plan.views.entries()) {
    const columns = plan.columns.filter((column) => column.view === i);
    const rows = rowsOf(i).filter((row) => row.windowEndMs <= currentEnd(view, logged.tMs));
    const later = rows.map((row) => row.availableAtMs - logged.tMs).filter((ms) => ms > 0 && ms <= graceMs);
    const at = (ms: number) => answer(view, paneAt(view, rows, logged.tMs + ms), logged.tMs, undefined);
    const found = [0, ...later.sort((a, b) => a - b)].find(
      (ms) => differing(columns, at(ms), logged).length === 0,
    );
    if (found === undefined) return { outcome: "differs", features: differing(columns, at(0), logged) };
    answers.push(at(found));
    leadMs = Math.max(leadMs, found);
  }
  const computed = differingOnDemand(plan, answers, logged);
  if (computed.length > 0) return { outcome: "differs", features: computed };
  return leadMs === 0 ? { outcome: "same" } : { outcome: "ahead", leadMs };
}

/** Names of stored features that are not what a view's answer says. */
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

function differingOnDemand(plan: ServicePlan, answers: readonly Answer[], logged: LoggedVector): string[] {
  const vector = featureVector(plan, answers, logged.request, logged.tMs);
  if (vector.fault !== undefined) return [vector.fault.feature];
  return vector.features
    .filter(({ name, status, value }) => status === "COMPUTED" && logged.features[name]?.value !== value)
    .map(({ name }) => name);
}
