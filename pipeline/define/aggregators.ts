import type { Duration } from "../core/duration.ts";
import type { FeatureValue } from "../core/model.ts";
import type { FieldsOf, NonEmpty } from "./types.ts";

/** The aggregations that a feature can be. */
export type FeatureKind = "count" | "sum" | "mean" | "min" | "max" | "first" | "last" | "distinct";

/** A feature as defined: an aggregation over the events `E`, in windows of the sizes `Size`, giving a `Value`. */
export interface Feature<
  E = never,
  Value extends FeatureValue = FeatureValue,
  Size extends Duration = Duration,
> {
  readonly kind: FeatureKind;
  /** Of count `undefined`. */
  readonly field: string | undefined;
  readonly options: FeatureOptions<E, Size> & { readonly limit?: number };
  /** In the types only. */
  readonly $value?: Value;
}

/** What every feature can say. */
export interface FeatureOptions<E, Size extends Duration> {
  /** Window sizes, each a multiple of the slide; each gives a column `{feature}_{size}`. */
  readonly over: NonEmpty<Size>;
  /** Takes only these events in, beside the view's own `where`. @default all */
  readonly where?: (event: E) => boolean;
}

/** What a view's `features` are made with. In each example the feature is named `f`. */
export interface Aggregators<E> {
  /**
   * How many events there are.
   *
   *     f: agg.count({ over: ["30m", "1h"] })                  // f_30m: number, f_1h: number; 0 where no event is
   *     f: agg.count({ over: ["1h"], where: (e) => e.paid })   // f_1h: number, of paid events only
   */
  count<const Size extends Duration>(options: FeatureOptions<E, Size>): Feature<E, number, Size>;

  /**
   * The exact sum of a number, rounded once.
   *
   *     f: agg.sum("amount", { over: ["1h"] })                 // f_1h: number; 0 where no event is
   */
  sum<const Size extends Duration>(
    field: FieldsOf<E, number>,
    options: FeatureOptions<E, Size>,
  ): Feature<E, number, Size>;

  /**
   * The mean of a number.
   *
   *     f: agg.mean("amount", { over: ["1h"] })                // f_1h: number | null; null where no event is
   */
  mean<const Size extends Duration>(
    field: FieldsOf<E, number>,
    options: FeatureOptions<E, Size>,
  ): Feature<E, number | null, Size>;

  /**
   * The least number, or the first text by UTF-16 units.
   *
   *     f: agg.min("amount", { over: ["1h"] })                 // f_1h: number | null
   */
  min<const Field extends FieldsOf<E, number | string>, const Size extends Duration>(
    field: Field,
    options: FeatureOptions<E, Size>,
  ): Feature<E, ValueOf<E, Field> | null, Size>;

  /**
   * The greatest number, or the last text by UTF-16 units.
   *
   *     f: agg.max("amount", { over: ["1h"] })                 // f_1h: number | null
   */
  max<const Field extends FieldsOf<E, number | string>, const Size extends Duration>(
    field: Field,
    options: FeatureOptions<E, Size>,
  ): Feature<E, ValueOf<E, Field> | null, Size>;

  /**
   * The value of the earliest event; ties go by event id.
   *
   *     f: agg.first("country", { over: ["1h"] })              // f_1h: string | null
   */
  first<const Field extends FieldsOf<E, FeatureValue>, const Size extends Duration>(
    field: Field,
    options: FeatureOptions<E, Size>,
  ): Feature<E, ValueOf<E, Field> | null, Size>;

  /**
   * The value of the latest event; ties go by event id.
   *
   *     f: agg.last("country", { over: ["1h"] })               // f_1h: string | null
   */
  last<const Field extends FieldsOf<E, FeatureValue>, const Size extends Duration>(
    field: Field,
    options: FeatureOptions<E, Size>,
  ): Feature<E, ValueOf<E, Field> | null, Size>;

  /**
   * How many different values there are: exact up to `limit` in a window, beyond it an estimate with a standard
   * error of 1 / √limit.
   *
   *     f: agg.distinct("item", { over: ["1h"] })              // f_1h: number; 0 where no event is
   *
   * @param options `limit` is 16 to 65,536, 1,000 by default
   */
  distinct<const Size extends Duration>(
    field: FieldsOf<E, FeatureValue>,
    options: FeatureOptions<E, Size> & { readonly limit?: number },
  ): Feature<E, number, Size>;
}

/** What a field holds, where it can be a feature's value. */
type ValueOf<E, Field extends keyof E> = E[Field] & FeatureValue;

/** The aggregators over the events `E`. They only note what was asked for; a view's definition checks it. */
export function aggregators<E>(): Aggregators<E> {
  const of =
    (kind: FeatureKind) =>
    <Size extends Duration>(field: string, options: FeatureOptions<E, Size>): Feature<E, never, Size> => ({
      kind,
      field,
      options,
    });
  return {
    count: (options) => ({ kind: "count", field: undefined, options }),
    sum: of("sum"),
    mean: of("mean"),
    min: of("min"),
    max: of("max"),
    first: of("first"),
    last: of("last"),
    distinct: of("distinct"),
  };
}
