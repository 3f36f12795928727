import type { ServedFeature } from "../core/feature-vector.ts";
import { formatInstant } from "../core/instant.ts";
import type { FeatureValue } from "../core/model.ts";
import type { ServicePlan } from "../core/service-plan.ts";
import type { KeyFault, KeyResult, ServiceKey } from "./read.ts";

/** A feature as a caller gets it. */
export interface FeatureJson {
  readonly value: FeatureValue;
  readonly status: ServedFeature["status"];
  readonly stale: boolean;
  readonly as_of: string | null;
  /** From `as_of` to the instant of the answer. */
  readonly age_ms: number | null;
  readonly seq: number | null;
}

/** What a caller gets for one key: a vector, or why there is none. */
export type ResultJson =
  | {
      readonly key: ServiceKey;
      readonly features: Readonly<Record<string, FeatureJson>>;
      readonly error?: undefined;
    }
  | { readonly key: ServiceKey; readonly features?: undefined; readonly error: KeyFault };

/** The answer of a read. */
export interface ReadJson {
  readonly service: string;
  readonly version: number;
  /** The instant that all of it answers for, RFC 3339. */
  readonly at: string;
  /** In the order of the keys. */
  readonly results: readonly ResultJson[];
}

/** Names what was read. */
export function readJson(
  { name, version }: Pick<ServicePlan, "name" | "version">,
  keys: readonly ServiceKey[],
  results: readonly KeyResult[],
  atMs: number,
): ReadJson {
  const format = memoized(formatInstant);
  return {
    service: name,
    version,
    at: format(atMs),
    results: results.map(({ features, fault }, i): ResultJson => {
      const key = keys[i] as ServiceKey;
      if (fault !== undefined) return { key, error: fault };
      return {
        key,
        features: Object.fromEntries(features.map((each) => [each.name, featureJson(each, atMs, format)])),
      };
    }),
  };
}

function featureJson(
  { value, status, stale, asOfMs, seq }: ServedFeature,
  atMs: number,
  format: (ms: number) => string,
): FeatureJson {
  return {
    value,
    status,
    stale,
    as_of: asOfMs === undefined ? null : format(asOfMs),
    age_ms: asOfMs === undefined ? null : atMs - asOfMs,
    seq: seq ?? null,
  };
}

/** The features of a view share their instant, and most keys share it too. */
function memoized(format: (ms: number) => string): (ms: number) => string {
  const known = new Map<number, string>();
  return (ms) => {
    let text = known.get(ms);
    if (text === undefined) known.set(ms, (text = format(ms)));
    return text;
  };
}
