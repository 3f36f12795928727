import { stageOf } from "../beam/view-ref.ts";
import { type MessageCounts, messageCounts, type ViewCounts } from "../core/conservation.ts";
import type { Registry } from "../define/index.ts";

/** What became of an event's messages. */
export interface EventStatus extends MessageCounts {
  readonly views: Readonly<Record<string, ViewStatus>>;
}

/** What became of an event's messages in one view, and what came out of it. */
export interface ViewStatus extends ViewCounts {
  /** Panes of windows that left. */
  readonly panes: number;
  /** Rows that Bigtable acknowledged, and that BigQuery did. */
  readonly rows_online: number;
  readonly rows_offline: number;
  /** As of all views together. */
  readonly freshness_ms: FreshnessMs;
}

/** From publish to readable online, over the last ten seconds, ms; null when nothing was written. */
export interface FreshnessMs {
  readonly p50: number | null;
  readonly p99: number | null;
}

/**
 * Each event by its name, with the views that are made of it.
 * @param counter the total of a metric's name
 * @param freshnessOf by what the metrics' names end in
 */
export function eventStatuses(
  { events, plans }: Pick<Registry, "events" | "plans">,
  counter: (name: string) => number,
  freshnessOf: (suffix: string) => FreshnessMs,
): Readonly<Record<string, EventStatus>> {
  const viewStatus = (stage: string, counts: ViewCounts): ViewStatus => ({
    ...counts,
    panes: counter(`${stage}.panes`),
    rows_online: counter(`${stage}.rows_written`),
    rows_offline: counter(`${stage}.rows_appended`),
    freshness_ms: freshnessOf(`${stage}.freshness_ms`),
  });
  const statusOf = (event: string): EventStatus => {
    const ofEvent = plans.filter(({ source }) => source === event);
    const stages = ofEvent.map((plan) => ({ name: plan.name, stage: stageOf(plan) }));
    const counts = messageCounts(counter, event, stages);
    const views = stages.map(
      ({ name, stage }) => [name, viewStatus(stage, counts.views[name] as ViewCounts)] as const,
    );
    return { ...counts, views: Object.fromEntries(views) };
  };
  return Object.fromEntries(events.map(({ name }) => [name, statusOf(name)]));
}
