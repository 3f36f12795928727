import { z } from "zod";
import type { FeatureValue } from "../core/model.ts";
import type { MissingPolicy, OnDemandFeature, ServedColumn, ServicePlan } from "../core/service-plan.ts";
import { checkInteger, checkName, VERSION_RANGE } from "./checks.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";
import type { FeatureView } from "./feature-view.ts";
import { servedName } from "./prefixed.ts";
import type { NonEmpty, Nothing, Simplify } from "./types.ts";

/** The fields of a request, each a zod schema that JSON can carry: numbers, strings, booleans, enums, lists, objects. */
export type RequestShape = Readonly<Record<string, z.ZodType>>;

/** The key of a service: the key of each of its views' entities. */
export type KeyOf<Views extends readonly FeatureView[]> = Readonly<
  Record<Views[number]["entity"]["key"], string>
>;

/** The stored features of views, each of its type before a policy. */
export type ColumnsOfViews<Views extends readonly FeatureView[]> = Intersection<
  {
    [I in keyof Views]: Views[I] extends FeatureView<string, infer Key, infer Row> ? Omit<Row, Key> : never;
  }[number]
>;

/** The stored features as a service serves them: with `null` a value may be null, with `error` it never is. */
export type StoredOf<Views extends readonly FeatureView[], Missing> = {
  readonly [N in keyof ColumnsOfViews<Views>]: N extends keyof Missing
    ? Missing[N] extends "error"
      ? NonNullable<ColumnsOfViews<Views>[N]>
      : Missing[N] extends "null"
        ? ColumnsOfViews<Views>[N] | null
        : ColumnsOfViews<Views>[N]
    : ColumnsOfViews<Views>[N];
};

/** A feature computed when it is asked for, of `now` in epoch ms. It must be pure: training computes it again. */
export type OnDemand<Stored, Request, Value extends FeatureValue = FeatureValue> = (
  stored: Stored,
  request: Request,
  now: number,
) => Value;

/** What a service's definition says. */
export interface FeatureServiceOptions<
  N extends string,
  Views extends readonly FeatureView[],
  Shape extends RequestShape,
  Missing,
  Computed extends Readonly<Record<string, FeatureValue>>,
> {
  /** snake_case; it names the service in a URL. */
  readonly name: N;
  /** Raise it with every change that a model would notice: a model asks for the version that it was trained on. */
  readonly version: number;
  /** Where the stored features come from, of one entity or of several; `prefixed` tells equal names apart. */
  readonly views: Views;
  /** What the caller knows and no store does. A field that is no part of it is refused. @default nothing */
  readonly request?: Shape;
  /** What becomes of stored features that have no value, by name. @default "default" for each */
  readonly missing?: Missing;
  /** The features that are computed when asked for, by name. @default none */
  readonly features?: {
    readonly [K in keyof Computed]: OnDemand<
      StoredOf<Views, Missing>,
      z.output<z.ZodObject<Shape>>,
      Computed[K]
    >;
  };
}

/** A feature service: checked, and ready to run. */
export interface FeatureService<
  N extends string = string,
  Key = unknown,
  Request extends z.ZodObject = z.ZodObject,
  Vector = unknown,
> {
  readonly name: N;
  readonly version: number;
  readonly views: readonly FeatureView[];
  /** Checks a request. */
  readonly request: Request;
  readonly plan: ServicePlan;
  /** The type of a key, `typeof service.$key`. There is no such value. */
  readonly $key: Key;
  /** The type of the feature vector: the stored features, then those on demand. There is no such value. */
  readonly $vector: Vector;
}

const MAX_NAME_LENGTH = 40;
/** As a view's feature, its size included. */
const MAX_FEATURE_LENGTH = 64;
const POLICIES: readonly unknown[] = ["default", "null", "error"] satisfies MissingPolicy[];

/**
 * Defines a feature service: the vector that a model asks for.
 *
 *     const fraud = defineFeatureService({
 *       name: "fraud", version: 1, views: [userPurchases],
 *       request: { amount_usd: z.number() },
 *       missing: { last_country_1h: "error" },
 *       features: {
 *         above_max: (f, request) => f.max_amount_1h !== null && request.amount_usd > f.max_amount_1h,
 *       },
 *     });
 *     typeof fraud.$key      // { user_id: string }
 *     typeof fraud.$vector   // { purchase_count_30m: number; …; last_country_1h: string; above_max: boolean }
 *
 * @throws DefinitionError for what the types don't show
 */
export function defineFeatureService<
  const N extends string,
  const Views extends NonEmpty<FeatureView>,
  const Missing extends { readonly [C in keyof ColumnsOfViews<Views>]?: MissingPolicy } = Nothing,
  Shape extends RequestShape = Nothing,
  Computed extends Readonly<Record<string, FeatureValue>> = Nothing,
>(
  options: FeatureServiceOptions<N, Views, Shape, Missing, Computed>,
): FeatureService<
  N,
  KeyOf<Views>,
  z.ZodObject<Shape, z.core.$strict>,
  Simplify<StoredOf<Views, Missing> & { readonly [K in keyof Computed]: Computed[K] }>
> {
  const { name, version } = options;
  const at = (field: string): DefinitionPlace => ({ kind: "feature service", name, field });
  checkName(at("name"), name, MAX_NAME_LENGTH);
  checkInteger("bad_version", at("version"), version, VERSION_RANGE);
  const views: readonly FeatureView[] = options.views;
  if (views.length === 0)
    throw new DefinitionError("no_views", at("views"), "[]", "name a feature view at least");
  const keyFields = [...new Set(views.map((view) => view.entity.key))];
  const columns = served(views, (options.missing ?? {}) as Readonly<Record<string, MissingPolicy>>, at);
  const onDemand = Object.entries(options.features ?? {}).map(([featureName, compute]): OnDemandFeature => {
    checkName(at(`features.${featureName}`), featureName, MAX_FEATURE_LENGTH);
    return { name: featureName, compute: compute as OnDemandFeature["compute"] };
  });
  refuseRepeats(keyFields, columns, onDemand, at);
  const plan = { name, version, views: views.map((view) => view.plan), keyFields, columns, onDemand };
  const request = requestSchema(options.request ?? ({} as Shape), at);
  // Key and vector are types only: nothing reads them.
  return { name, version, views, request, plan } as unknown as ReturnType<
    typeof defineFeatureService<N, Views, Missing, Shape, Computed>
  >;
}

/** The views' columns with their policies. */
function served(
  views: readonly FeatureView[],
  missing: Readonly<Record<string, MissingPolicy>>,
  at: (field: string) => DefinitionPlace,
): readonly ServedColumn[] {
  const columns = views.flatMap((each, view) =>
    each.plan.columns.map((plan, column): ServedColumn => {
      const name = servedName(each, plan.name);
      return { name, view, column, missing: missing[name] ?? "default" };
    }),
  );
  for (const [name, policy] of Object.entries(missing)) {
    const place = at(`missing.${name}`);
    if (!columns.some((column) => column.name === name)) {
      const known = columns.map((column) => column.name).join(", ");
      throw new DefinitionError("unknown_feature", place, name, `the views have the features ${known}`);
    }
    if (!POLICIES.includes(policy)) {
      throw new DefinitionError("bad_policy", place, policy, `it must be one of ${POLICIES.join(", ")}`);
    }
  }
  return columns;
}

/** Two versions of a view, or views of two entities, may have a column of one name: a vector has each name once. */
function refuseRepeats(
  keyFields: readonly string[],
  columns: readonly ServedColumn[],
  onDemand: readonly OnDemandFeature[],
  at: (field: string) => DefinitionPlace,
): void {
  const taken = new Set(keyFields);
  const claim = (name: string, field: string) => {
    if (taken.has(name)) {
      throw new DefinitionError(
        "duplicate_column",
        at(field),
        name,
        'the vector or its key has it already: give one of the views a prefix, prefixed("item", view)',
      );
    }
    taken.add(name);
  };
  for (const { name } of columns) claim(name, "views");
  for (const { name } of onDemand) claim(name, `features.${name}`);
}

/** A contract that JSON can carry and OpenAPI can tell: no dates, no maps, no transformations. */
function requestSchema<Shape extends RequestShape>(
  shape: Shape,
  at: (field: string) => DefinitionPlace,
): z.ZodObject<Shape, z.core.$strict> {
  for (const [field, type] of Object.entries(shape)) {
    checkName(at(`request.${field}`), field, MAX_FEATURE_LENGTH);
    try {
      z.toJSONSchema(type);
    } catch (error) {
      const problem = `it must be of what JSON has: ${error instanceof Error ? error.message : String(error)}`;
      throw new DefinitionError("bad_request_schema", at(`request.${field}`), type.def.type, problem);
    }
  }
  return z.strictObject(shape);
}

/** Of a union, what all of it has. */
type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
