import type { MetricTotals } from "../../infra/local/job/metric-totals.ts";
import { formatInstant } from "../core/instant.ts";
import type { Registry } from "../define/index.ts";
import { stageOf } from "../beam/view-ref.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigtableClient } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { commandRetry } from "./command-retry.ts";
import { quantile, windowedBuckets } from "./quantiles.ts";

/** How the pipeline is, at one moment. Counts are since the start. */
export interface Status {
  readonly at: string;
  readonly events_per_second: number;
  readonly read: number;
  readonly decoded: number;
  readonly dead_letter: number;
  readonly views: Readonly<Record<string, ViewStatus>>;
  /** From publish to readable online, over the last ten seconds, ms; null when nothing was written. */
  readonly freshness_ms: { readonly p50: number | null; readonly p99: number | null };
  /** How far complete_through is behind now, of the view that is furthest behind, ms; null before the first. */
  readonly watermark_lag_ms: number | null;
}

export interface ViewStatus {
  readonly applied: number;
  readonly late: number;
  readonly filtered: number;
  readonly duplicate: number;
  /** Panes of windows that left. */
  readonly panes: number;
}

const RATE_OVER_MS = 5_000;

/** Reads the status of a local pipeline, from its worker's counters and the online store. */
export class StatusSource {
  readonly #registry: Registry;
  readonly #metrics: MetricTotals;
  readonly #store: BigtableStore;
  readonly #freshness = windowedBuckets(10_000);
  #reads: { atMs: number; read: number }[] = [];

  constructor(registry: Registry, stores: StoreEndpoints, metrics: MetricTotals) {
    this.#registry = registry;
    this.#metrics = metrics;
    this.#store = new BigtableStore(bigtableClient(stores), stores, commandRetry);
  }

  async read(nowMs: number): Promise<Status> {
    const counter = (name: string) => this.#metrics.counter(name);
    const buckets = this.#freshness(nowMs, this.#metrics.distributions(".freshness_ms"));
    return {
      at: formatInstant(nowMs),
      events_per_second: this.#rate(nowMs, counter("read")),
      read: counter("read"),
      decoded: counter("decoded"),
      dead_letter: counter("dead_letter"),
      views: Object.fromEntries(
        this.#registry.plans.map((plan) => {
          const of = (name: string) => counter(`${stageOf(plan)}.${name}`);
          const { name } = plan;
          return [
            name,
            {
              applied: of("applied"),
              late: of("late"),
              filtered: of("filtered"),
              duplicate: of("duplicate"),
              panes: of("panes"),
            },
          ];
        }),
      ),
      freshness_ms: { p50: quantile(buckets, 0.5), p99: quantile(buckets, 0.99) },
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
