import type { Aggregation } from "../core/aggregation.ts";
import { count, distinct, first, last, max, mean, min, sum } from "../core/aggregations/index.ts";
import type { EventRecord, FieldKind } from "../core/avro-schema.ts";
import { formatDuration } from "../core/duration.ts";
import type { ColumnPlan, FeaturePlan } from "../core/view-plan.ts";
import type { Feature, FeatureKind } from "./aggregators.ts";
import { checkInteger, checkName, readDuration } from "./checks.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";
import { requireField } from "./event.ts";

/** One column, before the view knows its place. */
export type FeatureColumn = Omit<ColumnPlan, "feature">;

/** What one feature comes to. */
export interface CompiledFeature {
  readonly plan: FeaturePlan;
  /** By size, ascending. */
  readonly columns: readonly FeatureColumn[];
}

/** What a feature is checked against. */
export interface FeatureContext {
  readonly record: EventRecord;
  readonly slideMs: number;
  /** A place within the view's definition. */
  readonly at: (field: string) => DefinitionPlace;
}

/** State and answers grow with the number of slices in the longest window. */
const MAX_SLICES = 2_000;
/** Leaves room for the size within what BigQuery and people take as a column. */
const MAX_NAME_LENGTH = 64;
const LIMIT_RANGE = [16, 65_536] as const;

/**
 * Makes a feature ready to run: its aggregation, its input, its columns.
 * @throws DefinitionError
 */
export function compileFeature(name: string, feature: Feature, context: FeatureContext): CompiledFeature {
  const at = (field: string): DefinitionPlace => context.at(`features.${name}${field}`);
  checkName(at(""), name, MAX_NAME_LENGTH);
  const sizes = readSizes(feature.options.over, context.slideMs, at(".over"));
  const { aggregation, type } = aggregationOf(feature, context.record, at);
  return {
    plan: { name, aggregation, sizesMs: sizes, input: inputOf(feature) },
    columns: sizes.map((sizeMs) => ({ name: `${name}_${formatDuration(sizeMs)}`, sizeMs, type })),
  };
}

/** Sizes in ms, ascending. */
function readSizes(over: readonly string[], slideMs: number, place: DefinitionPlace): readonly number[] {
  if (over.length === 0) throw new DefinitionError("no_sizes", place, over, 'name a window size, like "1h"');
  const sizes = over.map((text) => readSize(text, slideMs, place)).sort((a, b) => a - b);
  const repeated = sizes.find((size, i) => size === sizes[i - 1]);
  if (repeated === undefined) return sizes;
  throw new DefinitionError(
    "duplicate_column",
    place,
    over,
    `${formatDuration(repeated)} stands there twice`,
  );
}

function readSize(text: string, slideMs: number, place: DefinitionPlace): number {
  const sizeMs = readDuration(place, text);
  const slide = formatDuration(slideMs);
  if (sizeMs < slideMs) {
    throw new DefinitionError(
      "size_below_slide",
      place,
      text,
      `a window is at least one slide long, ${slide}`,
    );
  }
  if (sizeMs % slideMs !== 0) {
    const nearest = formatDuration(Math.ceil(sizeMs / slideMs) * slideMs);
    const problem = `a size is a multiple of the slide, ${slide}: ${nearest} would be one`;
    throw new DefinitionError("size_not_multiple_of_slide", place, text, problem);
  }
  if (sizeMs / slideMs > MAX_SLICES) {
    const problem = `it holds ${sizeMs / slideMs} slides of ${slide}: at most ${MAX_SLICES}; take a longer slide`;
    throw new DefinitionError("too_many_slices", place, text, problem);
  }
  // The size names the column, so that one size must have one name.
  if (text !== formatDuration(sizeMs)) {
    throw new DefinitionError("size_not_canonical", place, text, `write ${formatDuration(sizeMs)}`);
  }
  return sizeMs;
}

/** `null` is an input too (count looks at none); `undefined` is none. */
function inputOf({ field, options: { where } }: Feature): FeaturePlan["input"] {
  const read = field === undefined ? () => null : (event: never): unknown => event[field];
  return where === undefined ? read : (event) => (where(event) ? read(event) : undefined);
}

const COLUMN_TYPES: Readonly<Record<FieldKind, ColumnPlan["type"]>> = {
  string: "STRING",
  enum: "STRING",
  boolean: "BOOL",
  int: "INT64",
  long: "INT64",
  float: "FLOAT64",
  double: "FLOAT64",
};

const isNumber = (kind: FieldKind): boolean => ["INT64", "FLOAT64"].includes(COLUMN_TYPES[kind]);
const isOrdered = (kind: FieldKind): boolean => kind !== "boolean";

/** The aggregations of a field: what it must be, and the type of what comes out (by default the field's own). */
const OF_FIELD: Readonly<Record<Exclude<FeatureKind, "count" | "distinct">, FieldAggregation>> = {
  sum: { aggregation: sum, fits: isNumber, expected: "a number", type: "FLOAT64" },
  mean: { aggregation: mean, fits: isNumber, expected: "a number", type: "FLOAT64" },
  min: { aggregation: min, fits: isOrdered, expected: "a number or a string" },
  max: { aggregation: max, fits: isOrdered, expected: "a number or a string" },
  first: { aggregation: first, fits: () => true, expected: "a field" },
  last: { aggregation: last, fits: () => true, expected: "a field" },
};

interface FieldAggregation {
  readonly aggregation: Aggregation;
  readonly fits: (kind: FieldKind) => boolean;
  readonly expected: string;
  readonly type?: ColumnPlan["type"];
}

function aggregationOf(
  { kind, field = "", options }: Feature,
  record: EventRecord,
  at: (field: string) => DefinitionPlace,
): { readonly aggregation: Aggregation; readonly type: ColumnPlan["type"] } {
  if (kind === "count") return { aggregation: count, type: "INT64" };
  if (kind === "distinct") {
    requireField(record, field, at(""), () => true, "a field");
    if (options.limit !== undefined) checkInteger("bad_limit", at(".limit"), options.limit, LIMIT_RANGE);
    return { aggregation: distinct(options.limit), type: "INT64" };
  }
  const { aggregation, fits, expected, type } = OF_FIELD[kind];
  const found = requireField(record, field, at(""), fits, expected);
  return { aggregation, type: type ?? COLUMN_TYPES[found.kind] };
}
