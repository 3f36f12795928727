import type { DistributionSnapshot } from "../harness/metrics.ts";

/** How many values fell into each bucket, by the bucket's middle. */
export type Buckets = ReadonlyMap<number, number>;

/**
 * The value below which a share `q` of all lies, as exact as the buckets are.
 * @returns null where there is no value
 */
export function quantile(buckets: Buckets, q: number): number | null {
  const total = [...buckets.values()].reduce((sum, n) => sum + n, 0);
  let left = Math.ceil(q * total);
  for (const [value, n] of [...buckets].sort(([a], [b]) => a - b)) {
    left -= n;
    if (left <= 0 && n > 0) return Math.round(value);
  }
  return null;
}

/**
 * Turns totals that only grow into what was added in the last `overMs`. Totals that shrink are a process that started
 * again: then the past counts for nothing.
 */
export function windowedBuckets(
  overMs: number,
): (nowMs: number, totals: readonly DistributionSnapshot[]) => Buckets {
  let samples: { readonly atMs: number; readonly totals: Map<number, number> }[] = [];
  return (nowMs, distributions) => {
    const totals = new Map<number, number>();
    for (const { buckets } of distributions) {
      for (const [value, n] of buckets) totals.set(value, (totals.get(value) ?? 0) + n);
    }
    const before = samples.findLast(({ atMs }) => atMs <= nowMs - overMs) ?? samples[0];
    const added = new Map([...totals].map(([value, n]) => [value, n - (before?.totals.get(value) ?? 0)]));
    if ([...added.values()].some((n) => n < 0)) samples = [];
    samples = [...samples.filter(({ atMs }) => atMs >= nowMs - 2 * overMs), { atMs: nowMs, totals }];
    return added;
  };
}
