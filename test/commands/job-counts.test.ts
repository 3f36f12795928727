import { expect, it } from "vitest";
import { metricTotals } from "../../infra/local/job/metric-totals.ts";
import { eventStatuses, type FreshnessMs } from "../../pipeline/commands/event-status.ts";
import { jobCounts } from "../../pipeline/commands/job-counts.ts";
import { statusDisplay } from "../../pipeline/commands/status-display.ts";
import type { Status } from "../../pipeline/commands/status.ts";
import { features } from "../../pipeline/features/registry.ts";
import { testPlan } from "../support/plans.ts";

/* The attempted side of the law, from a job's counters, where the job has two events. */
const shop = features.event("shop_event");
const registry = {
  events: [shop, { ...shop, name: "visit" }],
  plans: [
    testPlan({ name: "purchases", source: shop.name }),
    testPlan({ name: "pages", version: 2, source: "visit" }),
  ],
};
const totals = metricTotals();
const counters = Object.entries({
  "shop_event.read": 100,
  "shop_event.decoded": 98,
  "shop_event.dead_letter": 2,
  "shop_event.dead_letter.malformed": 2,
  "purchases.v1.applied": 10,
  "purchases.v1.late": 3,
  "purchases.v1.filtered": 80,
  "purchases.v1.duplicate": 1,
  "purchases.v1.panes": 20,
  "purchases.v1.rows_written": 19,
  "purchases.v1.rows_appended": 18,
  "visit.read": 1_001,
  "visit.decoded": 1_000,
  "visit.dead_letter": 1,
  "visit.dead_letter.empty_key": 1,
  "pages.v2.applied": 990,
  "pages.v2.window_closed": 10,
}).map(([name, total]) => ({ name, total }));
totals.update({ counters: counters as never, distributions: [] });

const FRESHNESS: Record<string, FreshnessMs> = { "purchases.v1.freshness_ms": { p50: 900, p99: 1_500 } };
const NONE: FreshnessMs = { p50: null, p99: null };
const status: Status = {
  at: "2026-03-01T12:00:00.000Z",
  events_per_second: 20,
  events: eventStatuses(
    registry,
    (name) => totals.counter(name),
    (suffix) => FRESHNESS[suffix] ?? NONE,
  ),
  freshness_ms: { p50: 900, p99: 1_500 },
  watermark_lag_ms: 8_000,
};

it("holds each view against the messages of its own event, with what is on its way", () => {
  const { flows, ...rest } = jobCounts(status, Date.UTC(2026, 2, 1, 11));
  expect(rest).toEqual({
    events_per_second: 20,
    freshness: { purchases: { p50_ms: 900, p99_ms: 1_500 }, pages: { p50_ms: null, p99_ms: null } },
  });
  expect(flows).toMatchObject([
    { kind: "attempted", event: "shop_event", from: "2026-03-01T11:00:00.000Z", before: null, read: 100 },
    { kind: "attempted", event: "visit", read: 1_001 },
  ]);
  expect(flows[0]?.views).toMatchObject([
    { view: "purchases", to_windows: 11, late: 3, panes: 20, rows_online: 19, rows_offline: 18 },
  ]);
  const differences = flows.map(({ balances }) => balances.map(({ of, difference }) => [of, difference]));
  expect(differences).toEqual([
    [
      ["messages", 0],
      ["dead letters", 0],
      ["purchases", 4],
    ],
    [
      ["messages", 0],
      ["dead letters", 0],
      ["pages", 0],
    ],
  ]);
});

it("tells the events apart on a terminal, and adds their dead letters up on a line", () => {
  const shown = (isTTY: boolean) => {
    let text = "";
    statusDisplay({ isTTY, write: (more) => (text += more) })(status);
    return text.replaceAll("\u001b[2K", "").split("\n");
  };
  expect(shown(true).slice(2, -1)).toEqual([
    "  shop_event",
    "  messages         100 read = 98 decoded + 2 dead letters ✓",
    "  dead letters     2 dead letters = 2 malformed ✓",
    "  purchases        98 decoded = 10 applied + 3 late + 0 window_closed + 80 filtered + 1 duplicate + 4 not accounted for;  20 panes",
    "  visit",
    "  messages         1001 read = 1000 decoded + 1 dead letters ✓",
    "  dead letters     1 dead letters = 1 empty_key ✓",
    "  pages            1000 decoded = 990 applied + 0 late + 10 window_closed + 0 filtered + 0 duplicate ✓;  0 panes",
  ]);
  expect(shown(false)[0]).toBe(
    "2026-03-01T12:00:00.000Z · 20 events/s · freshness p50 900 ms p99 1.5 s · watermark lag 8.0 s · 3 dead letters · " +
      "purchases: 10 applied, 3 late, 20 panes · pages: 990 applied, 10 late, 0 panes",
  );
});
