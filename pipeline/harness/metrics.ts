import type { Counter, Distribution, Gauge, Metrics } from "./dofn.ts";

/** A counter and what it holds. */
class CounterCell implements Counter {
  total = 0;
  add(n: number): void {
    this.total += n;
  }
}

/** What a distribution holds of its values. */
export interface DistributionTotal {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /**
   * How many values fell near each value: buckets that grow by a twentieth. For quantiles in a local display; the
   * Fn API has no place for it.
   */
  readonly buckets: ReadonlyMap<number, number>;
}

const BUCKET_RATIO = Math.log(1.05);

/** The middle of the bucket of a value; all below 1 share one. */
function bucketOf(value: number): number {
  if (value < 1) return 0;
  return Math.exp((Math.floor(Math.log(value) / BUCKET_RATIO) + 0.5) * BUCKET_RATIO);
}

class DistributionCell implements Distribution, DistributionTotal {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  readonly buckets = new Map<number, number>();
  update(value: number): void {
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#addTo(bucketOf(value), 1);
  }
  merge(other: DistributionTotal): void {
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const [near, n] of other.buckets) this.#addTo(near, n);
  }
  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.min = Infinity;
    this.max = -Infinity;
    this.buckets.clear();
  }
  #addTo(bucket: number, n: number): void {
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + n);
  }
}

/** A gauge's value in this bundle, if it has any, and when it was set. */
class GaugeCell implements Gauge {
  latest: { readonly value: number; readonly atMs: number } | undefined;
  readonly #now: () => number;
  constructor(now: () => number) {
    this.#now = now;
  }
  set(value: number): void {
    this.latest = { value, atMs: this.#now() };
  }
}

/** The user metrics of one transform in the running bundle. Cells stay the same objects, since user code keeps them. */
export class TransformMetrics implements Metrics {
  readonly counters = new Map<string, CounterCell>();
  readonly distributions = new Map<string, DistributionCell>();
  readonly gauges = new Map<string, GaugeCell>();
  #now: () => number = () => 0;

  counter(name: string): CounterCell {
    return getOrMake(this.counters, name, () => new CounterCell());
  }

  distribution(name: string): DistributionCell {
    return getOrMake(this.distributions, name, () => new DistributionCell());
  }

  gauge(name: string): GaugeCell {
    return getOrMake(this.gauges, name, () => new GaugeCell(() => this.#now()));
  }

  /** Begins a bundle. @param now processing time, epoch ms */
  reset(now: () => number): void {
    this.#now = now;
    for (const gauge of this.gauges.values()) gauge.latest = undefined;
    for (const counter of this.counters.values()) counter.total = 0;
    for (const distribution of this.distributions.values()) distribution.reset();
  }

  /** Adds another's totals; gauges have none. */
  merge(other: TransformMetrics): void {
    for (const [name, { total }] of other.counters) this.counter(name).add(total);
    for (const [name, distribution] of other.distributions) this.distribution(name).merge(distribution);
  }
}

/** A counter's total in this process; `transform` is the transform's unique name. */
export interface CounterSnapshot {
  readonly transform: string;
  readonly name: string;
  readonly total: number;
}

/** JSON can carry it. */
export interface DistributionSnapshot extends Omit<DistributionTotal, "buckets"> {
  readonly transform: string;
  readonly name: string;
  readonly buckets: readonly (readonly [near: number, values: number])[];
}

/** What this process's workers have counted in bundles that succeeded. Gauges are the runner's alone. */
export interface MetricsSnapshot {
  readonly counters: readonly CounterSnapshot[];
  readonly distributions: readonly DistributionSnapshot[];
}

const totals = new Map<string, TransformMetrics>();

/** Adds a bundle that succeeded to the process's totals. */
export function commitMetrics(transform: string, metrics: TransformMetrics): void {
  getOrMake(totals, transform, () => new TransformMetrics()).merge(metrics);
}

/** The process's totals so far, for a local status display; a runner that replays a bundle counts it again. */
export function metricsSnapshot(): MetricsSnapshot {
  const counters: CounterSnapshot[] = [];
  const distributions: DistributionSnapshot[] = [];
  for (const [transform, metrics] of totals) {
    for (const [name, { total }] of metrics.counters) counters.push({ transform, name, total });
    for (const [name, { buckets, count, sum, min, max }] of metrics.distributions) {
      if (count > 0) distributions.push({ transform, name, count, sum, min, max, buckets: [...buckets] });
    }
  }
  return { counters, distributions };
}

function getOrMake<T>(map: Map<string, T>, name: string, make: () => T): T {
  let value = map.get(name);
  if (value === undefined) {
    value = make();
    map.set(name, value);
  }
  return value;
}
