import type { MetricTotals } from "../../infra/local/job/metric-totals.ts";
import { formatInstant } from "../core/instant.ts";
import type { Registry } from "../define/index.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigtableClient } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { commandRetry } from "./command-retry.ts";
import { type EventStatus, eventStatuses, type FreshnessMs } from "./event-status.ts";
import { quantile, windowedBuckets } from "./quantiles.ts";

/**
 * How the pipeline is, at one moment. Counts are since the start, and attempted: what a bundle counted that was
 * processed again after a fault is counted again, and what a worker counted since its last report dies with it.
 */
export interface Status {
  readonly at: string;
  /** Messages of all events. */
  readonly events_per_second: number;
  /** By the event's name. */
  readonly events: Readonly<Record<string, EventStatus>>;
  /** From publish to readable online, over the last ten seconds, ms; null when nothing was written. */
  readonly freshness_ms: FreshnessMs;
  /** How far complete_through is behind now, of the view that is furthest behind, ms; null before the first. */
  readonly watermark_lag_ms: number | null;
}

const RATE_OVER_MS = 5_000;
const FRESHNESS_OVER_MS = 10_000;

/** Reads the status of a local pipeline, from its worker's counters and the online store. */
export class StatusSource {
  readonly #registry: Registry;
  readonly #metrics: MetricTotals;
  readonly #store: BigtableStore;
  /** By what the metrics' names end in. */
  readonly #freshness = new Map<string, ReturnType<typeof windowedBuckets>>();
  #reads: { atMs: number; read: number }[] = [];

  constructor(registry: Registry, stores: StoreEndpoints, metrics: MetricTotals) {
    this.#registry = registry;
    this.#metrics = metrics;
    this.#store = new BigtableStore(bigtableClient(stores), stores, commandRetry);
  }

  async read(nowMs: number): Promise<Status> {
    const freshnessOf = (suffix: string) => this.#freshnessOf(nowMs, suffix);
    const events = eventStatuses(this.#registry, (name) => this.#metrics.counter(name), freshnessOf);
    const read = Object.values(events).reduce((sum, event) => sum + event.read, 0);
    return {
      at: formatInstant(nowMs),
      events_per_second: this.#rate(nowMs, read),
      events,
      freshness_ms: freshnessOf(".freshness_ms"),
      watermark_lag_ms: await this.#lag(nowMs),
    };
  }

  #freshnessOf(nowMs: number, suffix: string): FreshnessMs {
    const added = this.#freshness.get(suffix) ?? windowedBuckets(FRESHNESS_OVER_MS);
    this.#freshness.set(suffix, added);
    const buckets = added(nowMs, this.#metrics.distributions(suffix));
    return { p50: quantile(buckets, 0.5), p99: quantile(buckets, 0.99) };
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
