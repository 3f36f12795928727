import type { ServicePlan } from "../core/service-plan.ts";
import type { ColumnPlan, ViewPlan } from "../core/view-plan.ts";
import type { FeatureService, Services } from "../define/index.ts";
import type { RequestLimits } from "./app-options.ts";
import { keySchema, readSchema } from "./contract.ts";
import { jsonSchema } from "./json-schema.ts";
import { PROBLEMS } from "./problem.ts";

type Json = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<ColumnPlan["type"], string>> = {
  INT64: "integer",
  FLOAT64: "number",
  STRING: "string",
  BOOL: "boolean",
};
const instant: Json = { type: "string", format: "date-time" };
const instantOrNull: Json = { type: ["string", "null"], format: "date-time" };
const integerOrNull: Json = { type: ["integer", "null"] };
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const record = (properties: Json): Json => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const json = (description: string, schema: Json): Json => ({
  description,
  content: { "application/json": { schema } },
});

/** The server's contract, from the services and views alone. @see https://spec.openapis.org/oas/v3.1.1 */
export function openApi(services: Services, limits: RequestLimits, secured: boolean): Json {
  const views = services.registry.plans;
  const paths = [
    ...labelled(services.all).map(([label, service]) => [
      `/v1/services/${label}:read`,
      { post: readOperation(service, label, limits) },
    ]),
    ...labelled(views).map(([label, plan]) => [
      `/v1/views/${label}/keys/{key}`,
      { get: viewOperation(plan, label) },
    ]),
    ["/healthz", { get: plain("healthz", "Whether the process lives.", "text/plain") }],
    ["/readyz", { get: plain("readyz", "Whether requests should be sent here.", "application/json") }],
    ["/metrics", { get: plain("metrics", "Metrics in Prometheus' text format.", "text/plain") }],
  ] as const;
  return {
    openapi: "3.1.1",
    info: {
      title: "Freshet feature server",
      version: "1",
      description:
        "Feature vectors of keys, as of now. Every value says whether it was computed from events, and how old it is.",
    },
    ...(secured && { security: [{ bearer: [] }, { header: [] }] }),
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Problem: problem(), KeyError: keyError() },
      ...(secured && {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          header: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      }),
    },
  };
}

/** By the names that URLs have for them: the newest version of a name without its number too. */
function labelled<T extends { readonly name: string; readonly version: number }>(
  all: readonly T[],
): [string, T][] {
  const newest = new Map<string, T>();
  for (const each of all)
    if (each.version > (newest.get(each.name)?.version ?? 0)) newest.set(each.name, each);
  return [...newest, ...all.map((each): [string, T] => [`${each.name}@${String(each.version)}`, each])];
}

const timeout: Json = {
  name: "Freshet-Timeout-Ms",
  in: "header",
  description: "How long the caller waits, ms; at most the server's own deadline.",
  schema: { type: "integer", minimum: 1, maximum: 999_999_999 },
};

function readOperation(service: FeatureService, label: string, limits: RequestLimits): Json {
  const schema = jsonSchema(readSchema(service, limits.keys));
  return {
    operationId: `read_${label}`,
    summary: `The vector of ${service.name} version ${String(service.version)} for each key.`,
    parameters: [timeout],
    requestBody: { required: true, content: { "application/json": { schema } } },
    responses: {
      200: json("A vector, or an error, for each key in its order.", vectors(service.plan)),
      ...problems("malformed_json", "unknown_service", "body_too_large", "unsupported_media_type"),
    },
  };
}

function vectors(plan: ServicePlan): Json {
  const key = record(Object.fromEntries(plan.keyFields.map((field) => [field, { type: "string" }])));
  const features = Object.fromEntries([
    ...plan.columns.map(({ name, view, column, missing }) => {
      const viewPlan = plan.views[view] as ViewPlan;
      const columnPlan = viewPlan.columns[column] as ColumnPlan;
      const nullable = missing === "null" || (missing === "default" && mayBeNull(viewPlan, columnPlan));
      return [name, feature(typeOf(columnPlan, nullable), ["PRESENT", "DEFAULT"])] as const;
    }),
    ...plan.onDemand.map(
      ({ name }) => [name, feature({ type: ["number", "string", "boolean", "null"] }, ["COMPUTED"])] as const,
    ),
  ]);
  return record({
    service: { const: plan.name },
    version: { const: plan.version },
    at: instant,
    results: {
      type: "array",
      items: {
        oneOf: [record({ key, features: record(features) }), record({ key, error: ref("KeyError") })],
      },
    },
  });
}

function feature(value: Json, statuses: readonly string[]): Json {
  return record({
    value,
    status: { enum: statuses },
    stale: {
      type: "boolean",
      description: "The view's on-time rows are not known to be complete as of its freshness.",
    },
    as_of: instantOrNull,
    age_ms: integerOrNull,
    seq: { ...integerOrNull, description: "Events in the view's longest window." },
  });
}

/** Sums and counts have a value always; the others only where an event gave one. */
function mayBeNull({ features }: ViewPlan, { feature: index }: ColumnPlan): boolean {
  return features[index]?.aggregation.empty === null;
}

function typeOf({ type }: ColumnPlan, nullable: boolean): Json {
  return { type: nullable ? [TYPES[type], "null"] : TYPES[type] };
}

function viewOperation(plan: ViewPlan, label: string): Json {
  const features = plan.columns.map((column) => [
    column.name,
    record({ value: typeOf(column, mayBeNull(plan, column)), status: { enum: ["PRESENT", "DEFAULT"] } }),
  ]);
  const pane = record({
    window_end: instant,
    seq: { type: "integer" },
    timing: { enum: ["EARLY", "ON_TIME", "LATE"] },
    empty_from: instant,
    max_event_time: instant,
  });
  const answer = record({
    view: { const: plan.name },
    version: { const: plan.version },
    entity: record({ [plan.keyField]: { type: "string" } }),
    at: instant,
    as_of: instantOrNull,
    age_ms: integerOrNull,
    stale: { type: "boolean" },
    features: record(Object.fromEntries(features) as Json),
    pane: { oneOf: [pane, { type: "null" }] },
  });
  return {
    operationId: `view_${label}`,
    summary: `What ${plan.name} version ${String(plan.version)} says of a ${plan.entity}, and the pane behind it.`,
    parameters: [{ name: "key", in: "path", required: true, schema: jsonSchema(keySchema) }, timeout],
    responses: { 200: json("The answer.", answer), ...problems("bad_parameter", "unknown_view") },
  };
}

function plain(operationId: string, summary: string, type: string): Json {
  return { operationId, summary, responses: { 200: { description: summary, content: { [type]: {} } } } };
}

type Code = keyof typeof PROBLEMS;

/** Responses by status, those that every operation can have among them. */
function problems(...codes: readonly Code[]): Json {
  const common = [
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "rate_limited",
    "store_unavailable",
  ] as const;
  const statuses = new Set([...codes, ...common].map((code) => PROBLEMS[code][0]));
  const content = { "application/problem+json": { schema: ref("Problem") } };
  return Object.fromEntries(
    [...statuses].map((status) => {
      const all = Object.entries(PROBLEMS).filter(([, [each]]) => each === status);
      return [
        status,
        { description: all.map(([code, [, title]]) => `${code}: ${title}.`).join(" "), content },
      ];
    }),
  );
}

function problem(): Json {
  const errors = { type: "array", items: record({ field: { type: "string" }, detail: { type: "string" } }) };
  const needed = record({
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { enum: Object.keys(PROBLEMS) },
    detail: { type: "string" },
    instance: { type: "string" },
  });
  const optional = { errors, complete_through: { type: "object", additionalProperties: instantOrNull } };
  return {
    ...needed,
    description: "RFC 9457.",
    properties: { ...(needed["properties"] as Json), ...optional },
  };
}

function keyError(): Json {
  const codes = ["feature_missing", "feature_not_finite", "on_demand_failed"];
  const needed = record({
    code: { enum: [...codes, "store_unavailable", "deadline_exceeded", "unreadable_row"] },
    detail: { type: "string" },
  });
  return { ...needed, properties: { ...(needed["properties"] as Json), feature: { type: "string" } } };
}
