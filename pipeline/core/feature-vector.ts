import type { Answer, ValueStatus } from "./answer.ts";
import type { FeatureValue } from "./model.ts";
import type { OnDemandFeature, ServedColumn, ServicePlan } from "./service-plan.ts";

/** A feature of a vector, with what there is to know about its value. */
export interface ServedFeature {
  readonly name: string;
  readonly value: FeatureValue;
  /** `COMPUTED`: on demand, from the stored features of the same vector. */
  readonly status: ValueStatus | "COMPUTED";
  /** Of a feature on demand: whether any view of the service is. */
  readonly stale: boolean;
  /** The instant that the value is known to be of; on demand, the oldest of the service's views. */
  readonly asOfMs: number | undefined;
  /** Events in the view's longest window; 0 where no pane applies, `undefined` on demand. */
  readonly seq: number | undefined;
}

/** Why a key has no vector. */
export interface VectorFault {
  readonly code: "feature_missing" | "feature_not_finite" | "on_demand_failed";
  readonly feature: string;
  /** Which feature, and what is wrong with it; no value of it. */
  readonly detail: string;
}

/** The vector of a key in the order of the service's columns, then those on demand; or why there is none. */
export type FeatureVector =
  | { readonly features: readonly ServedFeature[]; readonly fault?: undefined }
  | { readonly fault: VectorFault };

/**
 * What a service answers for one key: the views' answers, the service's policies for what is missing, and the
 * features on demand. A feature is missing where no event of its window gave it a value: its status is DEFAULT, or the
 * aggregation found nothing to say (null).
 * @param answers of each view of the plan, at `nowMs`
 * @param request as the service's schema gave it
 */
export function featureVector(
  plan: ServicePlan,
  answers: readonly Answer[],
  request: unknown,
  nowMs: number,
): FeatureVector {
  const features: ServedFeature[] = [];
  const stored: Record<string, FeatureValue> = {};
  for (const column of plan.columns) {
    const feature = serve(column, answers[column.view] as Answer);
    const fault = missing(column, feature) ?? notFinite(feature);
    if (fault !== undefined) return { fault };
    features.push(feature);
    stored[feature.name] = feature.value;
  }
  if (plan.onDemand.length === 0) return { features };
  const origin = {
    status: "COMPUTED",
    stale: answers.some(({ stale }) => stale),
    asOfMs: oldest(answers),
    seq: undefined,
  } as const;
  for (const each of plan.onDemand) {
    const { value, fault } = compute(each, stored, request, nowMs);
    if (fault !== undefined) return { fault };
    features.push({ name: each.name, value, ...origin });
  }
  return { features };
}

function serve(
  { name, column, missing }: ServedColumn,
  { columns, stale, asOfMs, pane }: Answer,
): ServedFeature {
  const { value, status } = columns[column] as Answer["columns"][number];
  const served = missing === "null" && status === "DEFAULT" ? null : value;
  return { name, value: served, status, stale, asOfMs, seq: pane?.seq ?? 0 };
}

function missing({ missing }: ServedColumn, { name, value, status }: ServedFeature): VectorFault | undefined {
  if (missing !== "error" || (status === "PRESENT" && value !== null)) return undefined;
  const detail = `${name} has no value: no event of its window gave it one, and the service requires it`;
  return { code: "feature_missing", feature: name, detail };
}

/** A sum beyond the range of doubles: JSON has no word for it, and null would say something else. */
function notFinite({ name, value }: ServedFeature): VectorFault | undefined {
  if (typeof value !== "number" || Number.isFinite(value)) return undefined;
  return { code: "feature_not_finite", feature: name, detail: `${name} is beyond the range of a double` };
}

type Computed =
  | { readonly value: FeatureValue; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: VectorFault };

function compute(
  { name, compute }: OnDemandFeature,
  stored: Readonly<Record<string, FeatureValue>>,
  request: unknown,
  nowMs: number,
): Computed {
  const failed = (what: string): Computed => ({
    fault: { code: "on_demand_failed", feature: name, detail: `${name} could not be computed: it ${what}` },
  });
  let value: unknown;
  try {
    value = compute(stored as never, request as never, nowMs);
  } catch (error) {
    return failed(`threw ${error instanceof Error ? error.name : typeof error}`);
  }
  if (isFeatureValue(value)) return { value };
  return failed(`gave ${typeof value === "number" ? String(value) : `a value of type ${typeof value}`}`);
}

function isFeatureValue(value: unknown): value is FeatureValue {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

function oldest(answers: readonly Answer[]): number | undefined {
  const known = answers.map(({ asOfMs }) => asOfMs);
  return known.includes(undefined) ? undefined : Math.min(...(known as readonly number[]));
}
