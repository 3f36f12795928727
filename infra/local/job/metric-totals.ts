import type { DistributionSnapshot, MetricsSnapshot } from "../../../pipeline/harness/metrics.ts";

/** Totals over all lives of a worker process; each life counts from zero. */
export interface MetricTotals {
  /** Sum of a counter over all transforms. */
  counter(name: string): number;
  /** Distributions of the present life whose names end so. */
  distributions(suffix: string): readonly DistributionSnapshot[];
  /** The present life's totals. */
  update(metrics: MetricsSnapshot): void;
  /** A new life begins. */
  restart(): void;
}

/** Starts counting. What a worker counted between its last report and its death is missing. */
export function metricTotals(): MetricTotals {
  const before = new Map<string, number>();
  let now: MetricsSnapshot = { counters: [], distributions: [] };
  const present = () => {
    const totals = new Map(before);
    for (const { name, total } of now.counters) totals.set(name, (totals.get(name) ?? 0) + total);
    return totals;
  };
  return {
    counter: (name) => present().get(name) ?? 0,
    distributions: (suffix) => now.distributions.filter(({ name }) => name.endsWith(suffix)),
    update(metrics) {
      now = metrics;
    },
    restart() {
      for (const [name, total] of present()) before.set(name, total);
      now = { counters: [], distributions: [] };
    },
  };
}
