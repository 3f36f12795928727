import type { HistoryPointJson, LiveJson } from "./contract.ts";

/** What is kept of a moment. The server keeps the past for pages to come, and a page goes on from there. */
export function historyPoint({ at, events_per_second, views }: LiveJson): HistoryPointJson {
  return {
    at,
    events_per_second,
    p99_ms: Object.fromEntries(views.map(({ view, p99_ms }) => [view, p99_ms])),
    lag_ms: Object.fromEntries(views.map(({ view, lag_ms }) => [view, lag_ms])),
  };
}
