import { Hono } from "hono";
import type { ServicePlan } from "../../core/service-plan.ts";
import type { FeatureService, Services } from "../../define/index.ts";
import type { RequestContext, RequestLimits } from "../app-options.ts";
import { jsonSchema } from "../json-schema.ts";
import type { ServerMetrics } from "../metrics.ts";
import { countsByService } from "./service-counts.ts";
import type { ServiceFeature, ServicesJson } from "./services-contract.ts";

/** What the page of services is made of. */
export interface ServicesOptions {
  readonly services: Services;
  readonly metrics: ServerMetrics;
  readonly limits: RequestLimits;
  readonly secured: boolean;
}

/** `GET /services`: what can be asked, and what the server counted of it. */
export function servicesApi({ services, metrics, limits, secured }: ServicesOptions): Hono<RequestContext> {
  const app = new Hono<RequestContext>();
  const described = services.all.map((service) => ({
    name: service.name,
    version: service.version,
    newest: services.find(service.name) === service,
    key: keyOf(service.plan),
    request: jsonSchema(service.request),
    features: featuresOf(service),
  }));
  app.get("/services", async (c) => {
    const counts = await countsByService(metrics);
    const answer: ServicesJson = {
      services: described.map((service) => ({ ...service, counts: counts(service.name) })),
      secured,
      max_keys: limits.keys,
      deadline_ms: limits.deadlineMs,
    };
    return c.json(answer);
  });
  return app;
}

function keyOf({ keyFields, views }: ServicePlan) {
  return keyFields.map((field) => ({
    field,
    entity: views.find(({ keyField }) => keyField === field)?.entity ?? field,
  }));
}

function featuresOf({ plan }: FeatureService): ServiceFeature[] {
  const stored = plan.columns.flatMap(({ name, view, column, missing }): ServiceFeature[] => {
    const of = plan.views[view];
    const columnPlan = of?.columns[column];
    if (of === undefined || columnPlan === undefined) return [];
    return [
      {
        name,
        type: columnPlan.type,
        view: { name: of.name, version: of.version },
        size_ms: columnPlan.sizeMs,
        missing,
        default: of.features[columnPlan.feature]?.aggregation.empty ?? null,
      },
    ];
  });
  const onDemand = plan.onDemand.map(({ name }): ServiceFeature => ({
    name,
    ...{ type: null, view: null, size_ms: null, missing: null, default: null },
  }));
  return [...stored, ...onDemand];
}
