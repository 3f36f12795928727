import type { FeatureRow, FeatureValue } from "../model.ts";
import type { JudgedEvent } from "./judge.ts";

/** What of a row has to be equal wherever it stands; timing and `available_at` may differ. */
export type RowContent = Pick<FeatureRow, "seq" | "values" | "emptyFromMs">;

/**
 * How a store differs from what it must hold. A closed list:
 * - `missing_online`, `missing_offline`: a row must be there and none is;
 * - `values_differ`: as many events, another value; `seq_differs`: another number of events;
 *   `empty_from_differs`: equal values, which would be served for too long or too short a time;
 * - `unexpected_row`: a row of a window that no event lies in;
 * - `unreadable_cell`: a cell that holds no row of its window.
 */
export type DifferenceKind =
  | "missing_online"
  | "missing_offline"
  | "values_differ"
  | "seq_differs"
  | "empty_from_differs"
  | "unexpected_row"
  | "unreadable_cell";

export type AuditedStore = "online" | "offline";

/** One row of one store that is not what it must be. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly store: AuditedStore;
  readonly key: string;
  readonly windowEndMs: number;
  /** What must stand there; `undefined`: nothing. */
  readonly expected: RowContent | undefined;
  /** What stands there; `undefined`: nothing that can be read. */
  readonly found: RowContent | undefined;
  /** Names of the columns whose values differ. */
  readonly columns: readonly string[];
  /** Every event of the archive near the window, and what the view made of it; in publish order. */
  readonly events: readonly JudgedEvent[];
  /** What was wrong with a cell. */
  readonly detail?: string;
}

/** Equal to the byte: no two different doubles are, and NaN equals itself. */
export function sameValue(a: FeatureValue | undefined, b: FeatureValue | undefined): boolean {
  return Object.is(a, b);
}

/** How two contents of one window differ: the kind that says the most comes first; `undefined` if they don't. */
export function contentDifference(expected: RowContent, found: RowContent): DifferenceKind | undefined {
  if (expected.seq !== found.seq) return "seq_differs";
  if (expected.values.some((value, i) => !sameValue(value, found.values[i]))) return "values_differ";
  return expected.emptyFromMs === found.emptyFromMs ? undefined : "empty_from_differs";
}
