import type { MetricTotals } from "../../infra/local/job/metric-totals.ts";
import { type MessageCounts, messageCounts, type ViewCounts } from "../core/conservation.ts";
import { formatInstant } from "../core/instant.ts";
import type { Registry } from "../define/index.ts";
import { stageOf } from "../beam/view-ref.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigtableClient } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { commandRetry } from "./command-retry.ts";
import { quantile, windowedBuckets } from "./quantiles.ts";

/**
 * How the pipeline is, at one moment. Counts are since the start, and attempted: what a bundle counted that was
 * processed again after a fault is counted again, and what a worker counted since its last report dies with it.
 */
export interface Status extends MessageCounts {
  readonly at: string;
  readonly events_per_second: number;
  readonly views: Readonly<Record<string, ViewStatus>>;
  /** From publish to readable online, over the last ten seconds, ms; null when nothing was written. */
  readonly freshness_ms: { readonly p50: number | null; readonly p99: number | null };
  /** How far complete_through is behind now, of the view that is furthest behind, ms; null before the first. */
  readonly watermark_lag_ms: number | null;
}

export interface ViewStatus extends ViewCounts {
  /** Panes of windows that left. */
  readonly panes: number;
  /** Rows that Bigtable acknowledged, and that BigQuery did. */
  readonly rows_online: number;
  readonly rows_offline: number;
  /** As of all views together. */
  readonly freshness_ms: Status["freshness_ms"];
}

const RATE_OVER_MS = 5_000;
const FRESHNESS_OVER_MS = 10_000;

/** Reads the status of a local pipeline, from its worker's counters and the online store. */
export class StatusSource {
  readonly #registry: Registry;
  readonly #metrics: MetricTotals;
  readonly #store: BigtableStore;
  readonly #freshness = windowedBuckets(FRESHNESS_OVER_MS);
  readonly #viewFreshness: ReadonlyMap<string, ReturnType<typeof windowedBuckets>>;
  #reads: { atMs: number; read: number }[] = [];

  constructor(registry: Registry, stores: StoreEndpoints, metrics: MetricTotals) {
    this.#registry = registry;
    this.#metrics = metrics;
    this.#viewFreshness = new Map(
      registry.plans.map(({ name }) => [name, windowedBuckets(FRESHNESS_OVER_MS)] as const),
    );
    this.#store = new BigtableStore(bigtableClient(stores), stores, commandRetry);
  }

  async read(nowMs: number): Promise<Status> {
    const counter = (name: string) => this.#metrics.counter(name);
    const stages = this.#registry.plans.map((plan) => ({ name: plan.name, stage: stageOf(plan) }));
    const counts = messageCounts(counter, stages);
    const freshnessOf = (suffix: string, added = this.#freshness) => {
      const buckets = added(nowMs, this.#metrics.distributions(suffix));
      return { p50: quantile(buckets, 0.5), p99: quantile(buckets, 0.99) };
    };
    return {
      at: formatInstant(nowMs),
      events_per_second: this.#rate(nowMs, counter("read")),
      ...counts,
      views: Object.fromEntries(
        stages.map(({ name, stage }) => [
          name,
          {
            ...(counts.views[name] as ViewCounts),
            panes: counter(`${stage}.panes`),
            rows_online: counter(`${stage}.rows_written`),
            rows_offline: counter(`${stage}.rows_appended`),
            freshness_ms: freshnessOf(`${stage}.freshness_ms`, this.#viewFreshness.get(name)),
          },
        ]),
      ),
      freshness_ms: freshnessOf(".freshness_ms"),
      watermark_lag_ms: await this.#lag(nowMs),
    };
  }

  #rate(atMs: number, read: number): number {
    this.#reads = [...this.#reads.filter((r) => r.atMs >= atMs - RATE_OVER_MS), { atMs, read }];
    const [first] = this.#reads;
    if (!first || first.atMs === atMs) return 0;
    return Math.max(0, Math.round(((read - first.read) * 1000) / (atMs - first.atMs)));
  }

  async #lag(nowMs: number): Promise<number | null> {
    const marks = await Promise.all(
      this.#registry.plans.map((plan) => this.#store.readCompleteThrough(plan)),
    );
    const known = marks.map((mark) => mark?.completeThroughMs);
    if (known.some((ms) => ms === undefined)) return null;
    return nowMs - Math.min(...(known as number[]));
  }
}
