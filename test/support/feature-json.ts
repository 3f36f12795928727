import type { FeatureJson } from "../../pipeline/core/feature-json.ts";
import type { FeatureRow, FeatureValue } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";

/** A row as a replay wrote it, as far as windows are compared: without the times of its events. */
export function rowOfJson(plan: ViewPlan, json: FeatureJson): FeatureRow {
  return {
    view: json.view,
    version: json.version,
    key: json.entity[plan.keyField] ?? "",
    windowEndMs: Date.parse(json.window_end),
    values: plan.columns.map(({ name }) => json.features[name] as FeatureValue),
    seq: json.seq,
    maxEventTimeMs: 0,
    maxPublishTimeMs: 0,
    emptyFromMs: Date.parse(json.empty_from),
    timing: "ON_TIME",
  };
}
