import type { ServerMetrics } from "../metrics.ts";
import type { Quantile, ServiceCounts } from "./services-contract.ts";

/** A cumulative bucket of a histogram: how many values are at most `le`, in seconds. */
export interface Bucket {
  readonly le: number;
  readonly count: number;
}

/**
 * What the server's metrics say of each service.
 * @returns the counts of a service by its name; zeros for one that nobody has asked
 */
export async function countsByService(metrics: ServerMetrics): Promise<(service: string) => ServiceCounts> {
  const [requests, seconds, keys, faults, stale] = await Promise.all([
    metrics.requests.get(),
    metrics.requestSeconds.get(),
    metrics.keys.get(),
    metrics.keyFaults.get(),
    metrics.staleVectors.get(),
  ]);
  return (service) => {
    const own = <V extends { readonly labels: { readonly service?: unknown } }>(values: readonly V[]) =>
      values.filter(({ labels }) => labels.service === service);
    const sum = ({ values }: Counted) => own(values).reduce((n, { value }) => n + value, 0);
    const byStatus: Record<string, number> = {};
    for (const { labels, value } of own(requests.values)) {
      const status = String(labels.status);
      byStatus[status] = (byStatus[status] ?? 0) + value;
    }
    const buckets = own(seconds.values).flatMap(({ labels, value, metricName }): Bucket[] => {
      const { le } = labels as { readonly le?: number | string };
      if (le === undefined || !metricName?.endsWith("_bucket")) return [];
      return [{ le: le === "+Inf" ? Infinity : Number(le), count: value }];
    });
    return {
      requests: sum(requests),
      by_status: byStatus,
      keys: sum(keys),
      key_faults: sum(faults),
      stale_vectors: sum(stale),
      p50: quantileOf(buckets, 0.5),
      p99: quantileOf(buckets, 0.99),
    };
  };
}

interface Counted {
  readonly values: readonly { readonly labels: { readonly service?: unknown }; readonly value: number }[];
}

/**
 * The value that a share `q` of all is at most, taking a bucket's values to lie evenly in it.
 * @param buckets of one histogram or several, in any order
 * @returns null where there is no value
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantileOf(buckets: readonly Bucket[], q: number): Quantile | null {
  const merged = new Map<number, number>();
  for (const { le, count } of buckets) merged.set(le, (merged.get(le) ?? 0) + count);
  const ascending = [...merged].sort(([a], [b]) => a - b);
  const total = ascending.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  const rank = q * total;
  let [lower, below] = [0, 0];
  for (const [le, count] of ascending) {
    if (count >= rank) {
      if (le === Infinity) return { ms: 1_000 * lower, or_more: true };
      return { ms: 1_000 * (lower + (le - lower) * ((rank - below) / (count - below))), or_more: false };
    }
    [lower, below] = [le, count];
  }
  return null;
}
