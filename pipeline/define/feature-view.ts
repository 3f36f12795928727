import type { Duration } from "../core/duration.ts";
import type { EventPlan } from "../core/event-plan.ts";
import type { FeatureValue } from "../core/model.ts";
import type { ColumnPlan, ViewPlan } from "../core/view-plan.ts";
import { aggregators, type Aggregators, type Feature } from "./aggregators.ts";
import { checkInteger, checkName, VERSION_RANGE } from "./checks.ts";
import type { EntityDefinition } from "./entity.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";
import { requireField, type EventDefinition } from "./event.ts";
import { compileFeature, type CompiledFeature } from "./feature-plan.ts";
import type { Simplify } from "./types.ts";
import { readStrategy, readTiming, type WindowPolicy } from "./window.ts";

/** What a feature view's definition says. */
export interface FeatureViewOptions<N extends string, E, Keys extends string, Key extends Keys, F> {
  /** snake_case; with the version it names the view's table and family. */
  readonly name: N;
  /** Raise it with every change of sizes, slide, shards or features: state and stored rows are of one version. */
  readonly version: number;
  readonly source: EventDefinition<E, Keys>;
  /** What the features are about. Its key is one of the source's `nonEmpty` fields. */
  readonly entity: EntityDefinition<Key>;
  /** The events that the view is made of. @default all */
  readonly where?: (event: E) => boolean;
  readonly window: WindowPolicy;
  /** An answer is marked stale when the pipeline is further behind than this. */
  readonly freshness: Duration;
  /** How long publish to readable takes: backfilled rows count as available that long after. @default "1s" */
  readonly latency?: Duration;
  /** Into how many parts the keys are hashed, 1 to 1,024. @default 64 */
  readonly shards?: number;
  /** What becomes of late events: a row in the late table, or nothing but a count. @default "side-output" */
  readonly late?: ViewPlan["latePolicy"];
  /** The features by name. */
  readonly features: (agg: Aggregators<E>) => F;
}

/** Column names and value types that features give: `{feature}_{size}` for each size. */
export type ColumnsOf<F> = {
  [
    N in keyof F & string as F[N] extends Feature<never, FeatureValue, infer Size> ? `${N}_${Size}` : never
  ]: F[N] extends Feature<never, infer Value> ? Value : never;
};

/** A feature view: checked, and ready to run. */
export interface FeatureView<N extends string = string, Key extends string = string, Row = unknown> {
  readonly name: N;
  readonly version: number;
  readonly entity: EntityDefinition<Key>;
  /** How its source is decoded. */
  readonly event: EventPlan;
  readonly plan: ViewPlan;
  /** The type of a row, `typeof view.$row`: the entity's key and every column. There is no such value. */
  readonly $row: Row;
}

/** Bigtable takes family names of 64 characters; version and generation follow the name. */
const MAX_NAME_LENGTH = 40;
const SHARD_RANGE = [1, 1_024] as const;

/**
 * Defines a feature view.
 *
 *     const view = defineFeatureView({
 *       name: "user_purchases", version: 1, source: shopEvents, entity: user,
 *       where: (event) => event.event_type === "purchase",
 *       window: { slide: "1m", allowedLateness: "5m", early: "1s" }, freshness: "1m",
 *       features: (agg) => ({
 *         purchase_count: agg.count({ over: ["30m", "1h"] }),
 *         last_country: agg.last("country", { over: ["1h"] }),
 *       }),
 *     });
 *     typeof view.$row
 *     // { user_id: string; purchase_count_30m: number; purchase_count_1h: number; last_country_1h: string | null }
 *
 * @throws DefinitionError for what the types don't show
 */
export function defineFeatureView<
  const N extends string,
  E,
  Keys extends string,
  Key extends Keys,
  F extends Readonly<Record<string, Feature<E>>>,
>(
  options: FeatureViewOptions<N, E, Keys, Key, F>,
): FeatureView<N, Key, Simplify<Readonly<Record<Key, string>> & Readonly<ColumnsOf<F>>>> {
  const { name, version, source, entity, where, shards = 64 } = options;
  const at = (field: string): DefinitionPlace => ({ kind: "feature view", name, field });
  checkName(at("name"), name, MAX_NAME_LENGTH);
  checkInteger("bad_version", at("version"), version, VERSION_RANGE);
  checkInteger("bad_shards", at("shards"), shards, SHARD_RANGE);
  checkKey(source, entity, at("entity"));
  const timing = readTiming(at, options.window, options.freshness, options.latency);
  const context = { record: source.record, slideMs: timing.slideMs, at };
  const features = Object.entries(options.features(aggregators<E>())).map(([featureName, feature]) =>
    compileFeature(featureName, feature, context),
  );
  const columns = placeColumns(features, entity.key, at);
  const sizesMs = [...new Set(columns.map((column) => column.sizeMs))].sort((a, b) => a - b);
  const longestMs = sizesMs.at(-1);
  if (longestMs === undefined) {
    throw new DefinitionError("no_features", at("features"), "{}", "define at least one, like agg.count");
  }
  const keyField: string = entity.key;
  const plan: ViewPlan = {
    name,
    version,
    source: source.name,
    entity: entity.name,
    keyField,
    ...timing,
    maxClockSkewMs: source.plan.maxClockSkewMs,
    longestMs,
    sizesMs,
    shards,
    strategy: readStrategy(at("window.strategy"), options.window.strategy),
    latePolicy: options.late ?? "side-output",
    features: features.map((feature) => feature.plan),
    columns,
    accepts: (where as ViewPlan["accepts"] | undefined) ?? (() => true),
    key: (event) => event[keyField],
  };
  // A row is a type only: nothing reads `$row`.
  return { name, version, entity, event: source.plan, plan } as ReturnType<
    typeof defineFeatureView<N, E, Keys, Key, F>
  >;
}

function checkKey(source: EventDefinition, entity: EntityDefinition, place: DefinitionPlace): void {
  requireField(source.record, entity.key, place, (kind) => kind === "string", "a string");
  if (source.plan.keyFields.includes(entity.key)) return;
  const problem = `an entity's key must not be empty: add it to nonEmpty of the event ${source.name}`;
  throw new DefinitionError("key_may_be_empty", place, entity.key, problem);
}

/** All columns in the order of the features. Names may meet: feature `a` over 1h, and an entity's key `a_1h`. */
function placeColumns(
  features: readonly CompiledFeature[],
  key: string,
  at: (field: string) => DefinitionPlace,
): readonly ColumnPlan[] {
  const columns = features.flatMap(({ columns: own }, feature) =>
    own.map((column) => ({ ...column, feature })),
  );
  const taken = new Set([key]);
  for (const { name, feature } of columns) {
    const place = at(`features.${features[feature]?.plan.name ?? ""}`);
    if (taken.has(name)) throw new DefinitionError("duplicate_column", place, name, "the row has it already");
    taken.add(name);
  }
  return columns;
}
