/*
 * What the console's page and its server say to each other: JSON, in types that both sides share. Times are RFC 3339
 * text, lengths of time whole milliseconds (`_ms`) or text like `30m`.
 */
import type { Balance } from "../../core/conservation.ts";
import type { FeatureValue } from "../../core/model.ts";

/** `GET /console/api/catalog`: what is defined. It doesn't change while the server runs. */
export interface CatalogJson {
  /** The generation of the stored rows that the server reads. */
  readonly generation: number;
  readonly events: readonly EventJson[];
  readonly views: readonly ViewJson[];
  readonly services: readonly ServiceJson[];
}

/** An event: a contract with its producers. */
export interface EventJson {
  readonly name: string;
  readonly doc: string | null;
  readonly event_id: string;
  readonly event_time: string;
  readonly max_clock_skew: string;
  /** Oldest first. */
  readonly revisions: readonly string[];
  /** Of the newest revision. */
  readonly fields: readonly { readonly name: string; readonly type: string; readonly doc: string | null }[];
}

/** A version of a feature view. */
export interface ViewJson {
  readonly name: string;
  readonly version: number;
  /** The event's name. */
  readonly source: string;
  readonly entity: string;
  readonly key_field: string;
  readonly slide: string;
  /** Ascending. */
  readonly sizes: readonly string[];
  readonly allowed_lateness: string;
  readonly slack: string;
  /** Delay of early panes; null: there are none. */
  readonly early: string | null;
  readonly freshness: string;
  readonly latency: string;
  readonly shards: number;
  readonly strategy: string;
  readonly late_policy: string;
  readonly columns: readonly ColumnJson[];
}

/** A column of a view's rows. */
export interface ColumnJson {
  readonly name: string;
  readonly feature: string;
  /** Name of the aggregation: `sum`, `distinct:1000`. */
  readonly aggregation: string;
  readonly size: string;
  readonly type: string;
  /** What it holds where no event is. */
  readonly default: FeatureValue;
}

/** A version of a feature service. */
export interface ServiceJson {
  readonly name: string;
  readonly version: number;
  readonly key_fields: readonly string[];
  /** What a caller has to say beside the keys, by name. */
  readonly request: readonly string[];
  readonly columns: readonly {
    readonly name: string;
    readonly view: string;
    readonly view_version: number;
    readonly column: string;
    readonly missing: string;
  }[];
  readonly on_demand: readonly string[];
}

/** `GET /console/api/live`, server-sent event `live`: how all is at one moment. */
export interface LiveJson {
  readonly at: string;
  /** `job`: a job of this process counts too. `stores`: only what is committed is known. */
  readonly source: "job" | "stores";
  /** Of the job over the last seconds; else of the committed account's span. Null: not known. */
  readonly events_per_second: number | null;
  readonly views: readonly LiveViewJson[];
  /** Attempted counts of each event first, where there are any; then the committed account of each. */
  readonly flows: readonly FlowJson[];
  /** What could not be read, for a person. */
  readonly problems: readonly string[];
}

/** How fresh a view is. */
export interface LiveViewJson {
  readonly view: string;
  readonly version: number;
  /** Up to here every on-time row is readable. Null: not known. */
  readonly complete_through: string | null;
  /** Now less `complete_through`. */
  readonly lag_ms: number | null;
  /** What the view declares: answers are stale where the lag is greater. */
  readonly freshness_slo_ms: number;
  /** From the newest publish behind an early pane to its being readable online; null where no such pane was written. */
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

/** What became of messages: one side of the conservation law and the other, with the way between them. */
export interface FlowJson {
  /**
   * `attempted`: the job's counters since it started; what was processed again after a fault counts again.
   * `committed`: each archived message of a span of publish times, looked up among the stored rows.
   */
  readonly kind: "attempted" | "committed";
  readonly event: string;
  /** Start of the span, or of the job. */
  readonly from: string;
  /** End of the span (exclusive); null: until now. */
  readonly before: string | null;
  readonly read: number;
  readonly decoded: number;
  readonly dead_letters: number;
  /** By reason, where it is known. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly views: readonly FlowViewJson[];
  /** Holds where every difference is 0. Above 0: on their way (attempted), or recorded nowhere (committed). */
  readonly balances: readonly Balance[];
}

/** What became of decoded messages in one view. Null: this side can't tell. */
export interface FlowViewJson {
  readonly view: string;
  readonly filtered: number;
  readonly late: number;
  /** Late in a view that drops such events. */
  readonly dropped: number | null;
  /** That reached the windows: applied, duplicate or window_closed. */
  readonly to_windows: number;
  readonly applied: number | null;
  readonly duplicate: number | null;
  readonly window_closed: number | null;
  readonly panes: number | null;
  readonly rows_online: number | null;
  readonly rows_offline: number | null;
}

/**
 * `GET /console/api/views/{name}/sample`: the newest pane of each key, of windows that ended lately: a thousand keys at
 * most, those that were written last.
 */
export interface ViewSampleJson {
  readonly at: string;
  /** Windows that ended from here on. */
  readonly from: string;
  /** Rows of the sample. */
  readonly taken: number;
  /** The newest of them. */
  readonly rows: readonly SampleRowJson[];
  /** In the order of the view's columns. */
  readonly distributions: readonly DistributionJson[];
}

/** A pane as BigQuery has it. */
export interface SampleRowJson {
  readonly key: string;
  readonly window_end: string;
  readonly timing: string;
  readonly seq: number;
  readonly available_at: string;
  /** In the order of the view's columns. */
  readonly values: readonly FeatureValue[];
}

/** How a column's values are spread over the sample. */
export interface DistributionJson {
  readonly column: string;
  readonly nulls: number;
  /** Rows with the column's default; of columns whose default is null, the nulls. */
  readonly defaults: number;
  /** Of numbers; null where there is none. */
  readonly numbers: {
    readonly min: number;
    readonly p50: number;
    readonly p95: number;
    readonly max: number;
    /** Equal parts of `min` to `max`; each holds its lower end, the last its upper end too. */
    readonly bars: readonly number[];
  } | null;
  /** Of texts and booleans: the most frequent, and how many rows have them. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

/** `GET /console/api/views/{name}/rates`: how often columns held their default, over time. */
export interface ViewRatesJson {
  readonly from: string;
  readonly bucket_ms: number;
  /** Oldest first, without gaps. */
  readonly buckets: readonly {
    /** Panes of windows that ended in it. */
    readonly panes: number;
    /** Of these, how many held the default; in the order of the view's columns. */
    readonly defaults: readonly number[];
  }[];
}

/** `GET /console/api/views/{name}/generations`: which runs of the pipeline wrote what, in the last week. */
export interface ViewGenerationsJson {
  readonly from: string;
  readonly generations: readonly {
    readonly version: number;
    readonly generation: number;
    readonly origin: string;
    readonly panes: number;
    readonly first_window_end: string;
    readonly last_window_end: string;
    readonly last_available_at: string;
  }[];
}

/** Server-sent event `history`, the first of a connection: the last minutes, oldest first. */
export type HistoryJson = readonly HistoryPointJson[];

/** A moment of the past, for a sparkline. */
export interface HistoryPointJson {
  readonly at: string;
  readonly events_per_second: number | null;
  /** By the view's name. */
  readonly p99_ms: Readonly<Record<string, number | null>>;
  readonly lag_ms: Readonly<Record<string, number | null>>;
}
