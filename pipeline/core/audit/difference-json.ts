import { featuresJson } from "../answer-json.ts";
import { formatInstant } from "../instant.ts";
import type { FeatureValue } from "../model.ts";
import type { ViewPlan } from "../view-plan.ts";
import type { Difference, RowContent } from "./difference.ts";
import type { JudgedJson } from "./explanation-contract.ts";
import { judgedJson } from "./judged-json.ts";

/** One side of a difference: a row's content with names. */
export interface ContentJson {
  readonly seq: number;
  readonly empty_from: string;
  readonly features: Readonly<Record<string, FeatureValue>>;
}

/** A difference as people and programs read it. */
export interface DifferenceJson {
  readonly kind: string;
  readonly store: string;
  readonly view: string;
  readonly key: string;
  readonly window_end: string;
  readonly columns: readonly string[];
  readonly expected: ContentJson | null;
  readonly found: ContentJson | null;
  readonly detail: string | null;
  readonly events: readonly JudgedJson[];
}

/** Names what a difference consists of. */
export function differenceJson(plan: ViewPlan, difference: Difference): DifferenceJson {
  const { kind, store, key, windowEndMs, columns, expected, found, detail, events } = difference;
  return {
    kind,
    store,
    view: plan.name,
    key,
    window_end: formatInstant(windowEndMs),
    columns,
    expected: contentJson(plan, expected),
    found: contentJson(plan, found),
    detail: detail ?? null,
    events: events.map(judgedJson),
  };
}

function contentJson(plan: ViewPlan, content: RowContent | undefined): ContentJson | null {
  if (content === undefined) return null;
  return {
    seq: content.seq,
    empty_from: formatInstant(content.emptyFromMs),
    features: featuresJson(plan, content.values),
  };
}
