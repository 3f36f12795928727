import { expect, it } from "vitest";
import type { Settled } from "../../../pipeline/core/settled.ts";
import { flowOf } from "../../../pipeline/serving/console/committed.ts";

const T = Date.UTC(2026, 2, 1, 12);

it("tells the committed side of the law, and what is recorded nowhere", () => {
  const settled: Settled = {
    messages: 12,
    decoded: 10,
    dead_letters: 1,
    lost: 1,
    views: { purchases: { windows: 3, late: 2, dropped: 0, filtered: 4, lost: 1 } },
  };
  const flow = flowOf("shop_event", { fromMs: T, beforeMs: T + 60_000 }, settled);
  expect(flow).toMatchObject({
    kind: "committed",
    from: "2026-03-01T12:00:00.000Z",
    before: "2026-03-01T12:01:00.000Z",
    read: 12,
    decoded: 10,
    dead_letters: 1,
  });
  expect(flow.views).toEqual([
    expect.objectContaining({ view: "purchases", to_windows: 3, late: 2, applied: null, rows_online: null }),
  ]);
  expect(flow.balances.map(({ of, difference }) => [of, difference])).toEqual([
    ["messages", 1],
    ["purchases", 1],
  ]);
});
