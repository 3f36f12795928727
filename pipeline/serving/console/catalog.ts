import { readEventRecord } from "../../core/avro-schema.ts";
import { formatDuration } from "../../core/duration.ts";
import type { EventPlan } from "../../core/event-plan.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import type { FeatureService, Services } from "../../define/index.ts";
import type { CatalogJson, EventJson, ServiceJson, ViewJson } from "./contract.ts";

/** What is defined, as the console tells it. */
export function catalogOf({ all, registry }: Services, generation: number): CatalogJson {
  return {
    generation,
    events: registry.events.map(eventJson),
    views: registry.plans.map(viewJson),
    services: all.map(serviceJson),
  };
}

function eventJson({ name, revisions, eventIdField, eventTimeField, maxClockSkewMs }: EventPlan): EventJson {
  const { doc, fields } = readEventRecord(revisions.at(-1)?.avro);
  return {
    name,
    doc: doc ?? null,
    event_id: eventIdField,
    event_time: eventTimeField,
    max_clock_skew: formatDuration(maxClockSkewMs),
    revisions: revisions.map(({ id }) => id),
    fields: fields.map(({ name: field, kind, symbols, isTimestamp, doc: about }) => ({
      name: field,
      type: isTimestamp ? "timestamp" : kind === "enum" ? symbols.join(" | ") : kind,
      doc: about ?? null,
    })),
  };
}

function viewJson(plan: ViewPlan): ViewJson {
  return {
    name: plan.name,
    version: plan.version,
    source: plan.source,
    entity: plan.entity,
    key_field: plan.keyField,
    slide: formatDuration(plan.slideMs),
    sizes: plan.sizesMs.map(formatDuration),
    allowed_lateness: formatDuration(plan.allowedLatenessMs),
    slack: formatDuration(plan.slackMs),
    early: plan.earlyMs === undefined ? null : formatDuration(plan.earlyMs),
    freshness: formatDuration(plan.freshnessMs),
    latency: formatDuration(plan.latencyMs),
    shards: plan.shards,
    strategy: plan.strategy,
    late_policy: plan.latePolicy,
    columns: plan.columns.map(({ name, feature, sizeMs, type }) => {
      const { name: featureName = name, aggregation } = plan.features[feature] ?? {};
      return {
        name,
        feature: featureName,
        aggregation: aggregation?.name ?? "",
        size: formatDuration(sizeMs),
        type,
        default: aggregation?.empty ?? null,
      };
    }),
  };
}

function serviceJson({ name, version, request, plan }: FeatureService): ServiceJson {
  return {
    name,
    version,
    key_fields: plan.keyFields,
    request: Object.keys(request.shape),
    columns: plan.columns.map(({ name: served, view, column, missing }) => {
      const { name: viewName = "", version: viewVersion = 0, columns = [] } = plan.views[view] ?? {};
      return {
        name: served,
        view: viewName,
        view_version: viewVersion,
        column: columns[column]?.name ?? served,
        missing,
      };
    }),
    on_demand: plan.onDemand.map(({ name: computed }) => computed),
  };
}
