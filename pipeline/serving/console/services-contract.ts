/*
 * What the console's page of services gets, in JSON: types that the server and the page share.
 */

/** A feature of a service's vector. */
export interface ServiceFeature {
  readonly name: string;
  /** BigQuery's name of its type; of a feature on demand null: its function decides. */
  readonly type: "INT64" | "FLOAT64" | "STRING" | "BOOL" | null;
  /** Where it is stored; null: computed when asked for. */
  readonly view: { readonly name: string; readonly version: number } | null;
  /** Length of its window, ms; null on demand. */
  readonly size_ms: number | null;
  /** What becomes of it where no event gave it a value; null on demand. */
  readonly missing: "default" | "null" | "error" | null;
  /** What a missing one is served as, under `default`. */
  readonly default: number | string | boolean | null;
}

/** A time that a share of requests took at most, ms. */
export interface Quantile {
  /** Interpolated within a bucket of the server's histogram. */
  readonly ms: number;
  /** That it took longer than that: beyond the last bucket. */
  readonly or_more: boolean;
}

/** What the server counted of a service since it started, all versions together. */
export interface ServiceCounts {
  readonly requests: number;
  /** By HTTP status. */
  readonly by_status: Readonly<Record<string, number>>;
  readonly keys: number;
  readonly key_faults: number;
  readonly stale_vectors: number;
  /** Of requests of any status; null before the first. */
  readonly p50: Quantile | null;
  readonly p99: Quantile | null;
}

/** A service, with what a person needs to ask it. */
export interface ServiceJson {
  readonly name: string;
  readonly version: number;
  /** Whether its name alone means this version. */
  readonly newest: boolean;
  /** Fields of a key, each with the entity that it names. */
  readonly key: readonly { readonly field: string; readonly entity: string }[];
  /** JSON Schema (2020-12) of the request. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly features: readonly ServiceFeature[];
  readonly counts: ServiceCounts;
}

/** `GET /console/api/services` */
export interface ServicesJson {
  readonly services: readonly ServiceJson[];
  /** Whether callers need a key or token. */
  readonly secured: boolean;
  /** Of one request. */
  readonly max_keys: number;
  readonly deadline_ms: number;
}
