import type { FeatureValue } from "./model.ts";
import type { ViewPlan } from "./view-plan.ts";

/**
 * What a service does with a stored feature that has no value: no event of its window gave it one.
 * `default` serves the aggregation's own (count and sum 0, else null), `null` serves null, `error` refuses the key.
 */
export type MissingPolicy = "default" | "null" | "error";

/** A stored feature that a service serves. */
export interface ServedColumn {
  readonly name: string;
  readonly view: number; // index into ServicePlan.views
  readonly column: number; // index into the view's columns
  readonly missing: MissingPolicy;
}

/** A feature that is computed when it is asked for. */
export interface OnDemandFeature {
  readonly name: string;
  /** Pure: of the stored features by name, the request as its schema gave it, and the instant of the answer, epoch ms. */
  readonly compute: (stored: never, request: never, now: number) => FeatureValue;
}

/** A feature service as the server runs it. Made by `define/` from a definition. */
export interface ServicePlan {
  readonly name: string;
  readonly version: number;
  readonly views: readonly ViewPlan[];
  /** The fields of a key: each entity's, once, in the order of the views. */
  readonly keyFields: readonly string[];
  /** In the order of the views and their columns. */
  readonly columns: readonly ServedColumn[];
  readonly onDemand: readonly OnDemandFeature[];
}
