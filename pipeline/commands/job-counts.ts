import { balances } from "../core/conservation.ts";
import { formatInstant } from "../core/instant.ts";
import type { FlowJson } from "../serving/console/contract.ts";
import type { JobCounts } from "../serving/console/live-reader.ts";
import type { EventStatus } from "./event-status.ts";
import type { Status } from "./status.ts";

/** The counters of a local job, as the console shows them. */
export function jobCounts(status: Status, startedMs: number): JobCounts {
  const events = Object.entries(status.events);
  const views = events.flatMap(([, event]) => Object.entries(event.views));
  return {
    events_per_second: status.events_per_second,
    freshness: Object.fromEntries(
      views.map(([name, { freshness_ms: ms }]) => [name, { p50_ms: ms.p50, p99_ms: ms.p99 }]),
    ),
    flows: events.map(([name, event]) => flowOf(name, event, startedMs)),
  };
}

function flowOf(name: string, event: EventStatus, startedMs: number): FlowJson {
  return {
    kind: "attempted",
    event: name,
    from: formatInstant(startedMs),
    before: null,
    read: event.read,
    decoded: event.decoded,
    dead_letters: event.dead_letter,
    reasons: event.dead_letters,
    views: Object.entries(event.views).map(([view, v]) => ({
      view,
      filtered: v.filtered,
      late: v.late,
      dropped: null,
      to_windows: v.applied + v.duplicate + v.window_closed,
      applied: v.applied,
      duplicate: v.duplicate,
      window_closed: v.window_closed,
      panes: v.panes,
      rows_online: v.rows_online,
      rows_offline: v.rows_offline,
    })),
    balances: balances(event),
  };
}
