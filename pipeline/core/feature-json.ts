import { formatInstant } from "./instant.ts";
import type { StoredRow } from "./model.ts";
import type { ViewPlan } from "./view-plan.ts";

/** A stored row as people and programs read it: names and RFC 3339 times. The form of `offline.ndjson`. */
export interface FeatureJson {
  readonly view: string;
  readonly version: number;
  readonly entity: Readonly<Record<string, string>>;
  readonly window_end: string;
  readonly seq: number;
  readonly timing: string;
  readonly empty_from: string;
  readonly available_at: string;
  readonly features: Readonly<Record<string, number | string | boolean | null>>;
}

/** Names the values of a row by the view's columns. */
export function featureJson(plan: ViewPlan, row: StoredRow): FeatureJson {
  return {
    view: row.view,
    version: row.version,
    entity: { [plan.keyField]: row.key },
    window_end: formatInstant(row.windowEndMs),
    seq: row.seq,
    timing: row.timing,
    empty_from: formatInstant(row.emptyFromMs),
    available_at: formatInstant(row.availableAtMs),
    features: Object.fromEntries(plan.columns.map((column, i) => [column.name, row.values[i] ?? null])),
  };
}
