import { balances } from "../core/conservation.ts";
import { formatInstant } from "../core/instant.ts";
import type { Registry } from "../define/index.ts";
import type { JobCounts } from "../serving/console/live-reader.ts";
import type { Status } from "./status.ts";

/** The counters of a local job, as the console shows them. */
export function jobCounts(status: Status, registry: Registry, startedMs: number): JobCounts {
  const { read, decoded, dead_letter, dead_letters } = status;
  const views = Object.entries(status.views);
  return {
    events_per_second: status.events_per_second,
    freshness: Object.fromEntries(
      views.map(([name, { freshness_ms: ms }]) => [name, { p50_ms: ms.p50, p99_ms: ms.p99 }]),
    ),
    flow: {
      kind: "attempted",
      event: registry.events.map(({ name }) => name).join(", "),
      from: formatInstant(startedMs),
      before: null,
      read,
      decoded,
      dead_letters: dead_letter,
      reasons: dead_letters,
      views: views.map(([view, v]) => ({
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
      balances: balances(status),
    },
  };
}
