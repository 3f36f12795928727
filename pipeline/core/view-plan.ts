import type { Aggregation } from "./aggregation.ts";

/** A feature of a view, ready to run: what it takes from an event and how it adds up. */
export interface FeaturePlan {
  readonly name: string;
  readonly aggregation: Aggregation;
  /** Sizes in ms, ascending. */
  readonly sizesMs: readonly number[];
  /** The input this event contributes, or `undefined` for none (the feature's own `where`). */
  input(event: never): unknown;
}

/** A column of the view's rows: `{feature}_{window}`. */
export interface ColumnPlan {
  readonly name: string;
  readonly feature: number; // index into ViewPlan.features
  readonly sizeMs: number;
  readonly type: "INT64" | "FLOAT64" | "STRING" | "BOOL";
}

/**
 * How a view's windows are kept: by a timer a shard, which writes rows on change only; or by Beam's own sliding windows
 * and triggers, `L / s` times dearer, which writes each window. The same values and `seq` once rows are carried forward.
 */
export const WINDOW_STRATEGIES = ["timers", "beam-windows"] as const;
export type WindowStrategy = (typeof WINDOW_STRATEGIES)[number];

/**
 * A feature view as the pipeline runs it: durations in ms, defaults filled in, functions bound. Made by
 * `define/` from a definition, and free of Beam and of any store.
 */
export interface ViewPlan {
  readonly name: string;
  readonly version: number;
  readonly source: string; // the event's name
  readonly entity: string; // the entity's name, e.g. "user": one Bigtable table each
  readonly keyField: string; // the entity's key, e.g. "user_id"
  readonly slideMs: number;
  /** The longest size, `L`. */
  readonly longestMs: number;
  /** All distinct sizes, ascending; the last is `longestMs`. */
  readonly sizesMs: readonly number[];
  readonly allowedLatenessMs: number;
  /** How long after its publish a message may still be processed. @default 1h */
  readonly slackMs: number;
  /** How far the clocks of the view's event may run ahead: says how far apart two copies of one event may stand. */
  readonly maxClockSkewMs: number;
  /** Processing-time delay of early panes; `undefined`: none. */
  readonly earlyMs: number | undefined;
  readonly freshnessMs: number;
  /** Backfill's stand-in for the time from publish to readable. @default 1s */
  readonly latencyMs: number;
  readonly shards: number;
  /** @default "timers" */
  readonly strategy: WindowStrategy;
  readonly latePolicy: "side-output" | "drop";
  readonly features: readonly FeaturePlan[];
  readonly columns: readonly ColumnPlan[];
  /** The view's own filter; an event it refuses counts as `filtered`. */
  accepts(event: never): boolean;
  key(event: never): string;
}
