import { expect, it } from "vitest";
import { metricTotals } from "../../infra/local/job/metric-totals.ts";
import { jobCounts } from "../../pipeline/commands/job-counts.ts";
import type { Status } from "../../pipeline/commands/status.ts";
import { messageCounts } from "../../pipeline/core/conservation.ts";
import { features } from "../../pipeline/features/registry.ts";

it("shows the attempted side of the law from a job's counters, with what is on its way", () => {
  const totals = metricTotals();
  const counters = Object.entries({
    read: 100,
    decoded: 98,
    dead_letter: 2,
    "dead_letter.malformed": 2,
    "user_purchases.v1.applied": 10,
    "user_purchases.v1.late": 3,
    "user_purchases.v1.filtered": 80,
    "user_purchases.v1.duplicate": 1,
  }).map(([name, total]) => ({ name, total }));
  totals.update({ counters: counters as never, distributions: [] });
  const counts = messageCounts(
    (name) => totals.counter(name),
    [{ name: "user_purchases", stage: "user_purchases.v1" }],
  );
  const [purchases] = Object.values(counts.views);
  if (purchases === undefined) throw new Error("the view is missing");
  const freshness = { p50: 900, p99: 1_500 };
  const status: Status = {
    ...counts,
    at: "2026-03-01T12:00:00.000Z",
    events_per_second: 20,
    views: {
      user_purchases: { ...purchases, panes: 20, rows_online: 19, rows_offline: 18, freshness_ms: freshness },
    },
    freshness_ms: freshness,
    watermark_lag_ms: 8_000,
  };
  const { flow, ...rest } = jobCounts(status, features, Date.UTC(2026, 2, 1, 11));
  expect(rest).toEqual({
    events_per_second: 20,
    freshness: { user_purchases: { p50_ms: 900, p99_ms: 1_500 } },
  });
  expect(flow).toMatchObject({
    kind: "attempted",
    event: "shop_event",
    from: "2026-03-01T11:00:00.000Z",
    before: null,
  });
  expect(flow.views[0]).toMatchObject({
    to_windows: 11,
    late: 3,
    panes: 20,
    rows_online: 19,
    rows_offline: 18,
  });
  expect(flow.balances.map(({ of, difference }) => [of, difference])).toEqual([
    ["messages", 0],
    ["dead letters", 0],
    ["user_purchases", 4],
  ]);
});
