import type { AnswerJson } from "./answer-contract.ts";
import type { Answer } from "./answer.ts";
import { formatInstant } from "./instant.ts";
import type { FeatureValue } from "./model.ts";
import type { ViewPlan } from "./view-plan.ts";

/** Names what a view answers about a key at `atMs`. */
export function answerJson(plan: ViewPlan, key: string, atMs: number, answer: Answer): AnswerJson {
  const { columns, pane, stale, asOfMs } = answer;
  return {
    view: plan.name,
    version: plan.version,
    entity: { [plan.keyField]: key },
    at: formatInstant(atMs),
    as_of: asOfMs === undefined ? null : formatInstant(asOfMs),
    age_ms: asOfMs === undefined ? null : atMs - asOfMs,
    stale,
    features: Object.fromEntries(
      plan.columns.map(({ name }, i) => {
        const { value, status } = columns[i] as Answer["columns"][number];
        return [name, { value: inJson(value), status }];
      }),
    ),
    pane:
      pane === undefined
        ? null
        : {
            window_end: formatInstant(pane.windowEndMs),
            seq: pane.seq,
            timing: pane.timing,
            empty_from: formatInstant(pane.emptyFromMs),
            max_event_time: formatInstant(pane.maxEventTimeMs),
          },
  };
}

/** JSON has no infinities: they are told by their names, as BigQuery tells them. */
export function inJson(value: FeatureValue): FeatureValue {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Values by their columns' names. */
export function featuresJson(
  plan: ViewPlan,
  values: readonly FeatureValue[],
): Readonly<Record<string, FeatureValue>> {
  return Object.fromEntries(plan.columns.map(({ name }, i) => [name, inJson(values[i] ?? null)]));
}
