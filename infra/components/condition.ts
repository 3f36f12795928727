import type * as gcp from "@pulumi/gcp";

/** What is watched, and from when on somebody is told. */
export interface Condition {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** In Monitoring's filter language. */
  readonly metric: string;
  /** A metric of the same kind that the first is taken as a part of. */
  readonly outOf?: string;
  /** How the points of a minute become one. @default their greatest */
  readonly aligner?: "ALIGN_MAX" | "ALIGN_PERCENTILE_99" | "ALIGN_RATE" | "ALIGN_SUM";
  /** How series are put together. @default not at all: each is held to the threshold */
  readonly reducer?: "REDUCE_SUM" | "REDUCE_MAX";
  readonly above: number;
  /** For how long, seconds. */
  readonly forS: number;
}

/** A condition as Monitoring takes it. */
export function conditionOf(condition: Condition): gcp.types.input.monitoring.AlertPolicyCondition {
  const { title, metric, outOf, aligner = "ALIGN_MAX", reducer, above, forS } = condition;
  const aggregation = {
    alignmentPeriod: "60s",
    perSeriesAligner: aligner,
    ...(reducer !== undefined && { crossSeriesReducer: reducer }),
  };
  return {
    displayName: title,
    conditionThreshold: {
      filter: metric,
      ...(outOf !== undefined && { denominatorFilter: outOf, denominatorAggregations: [aggregation] }),
      comparison: "COMPARISON_GT",
      thresholdValue: above,
      duration: `${forS}s`,
      aggregations: [aggregation],
      trigger: { count: 1 },
    },
  };
}
