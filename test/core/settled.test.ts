import { expect, it } from "vitest";
import { createDecoder } from "../../pipeline/core/decode.ts";
import { lateName, Ledger, letterName, lostOf, type Recorded } from "../../pipeline/core/settled.ts";
import { features } from "../../pipeline/features/registry.ts";
import { message, PUBLISHED_MS, purchase } from "../support/messages.ts";

const LATE_MS = 600_000;
const purchases = features.plan("user_purchases");
const items = features.plan("item_activity");

const named = (messageId: string, content: object | string) => ({ ...message(content), messageId });
const archive = [
  named("1", purchase),
  named("2", { ...purchase, event_type: "view" }), // only one of the views takes it
  named("3", { ...purchase, occurred_at: PUBLISHED_MS - LATE_MS }),
  named("4", "{"),
  named("1", purchase), // the archive may hold a message twice
];
const all: Recorded = {
  letters: new Set([letterName("4", "malformed")]),
  late: new Set([lateName(purchases.name, "3", "late"), lateName(items.name, "3", "late")]),
};

function settle(recorded: Recorded, plans = [purchases, items]) {
  const ledger = new Ledger(createDecoder(features.event("shop_event")), plans, recorded);
  for (const each of archive) ledger.add(each);
  return ledger.settled;
}

it("puts each message in one class, and each decoded one in one class of each view", () => {
  const settled = settle(all);
  expect(settled).toEqual({
    messages: 4,
    decoded: 3,
    dead_letters: 1,
    lost: 0,
    views: {
      user_purchases: { windows: 1, late: 1, dropped: 0, filtered: 1, lost: 0 },
      item_activity: { windows: 2, late: 1, dropped: 0, filtered: 0, lost: 0 },
    },
  });
  expect(lostOf(settled)).toBe(0);
});

it("tells a dead letter that is recorded nowhere, or for another reason", () => {
  for (const letters of [new Set<string>(), new Set([letterName("4", "empty_key")])]) {
    const settled = settle({ ...all, letters });
    expect(settled).toMatchObject({ messages: 4, decoded: 3, dead_letters: 0, lost: 1 });
    expect(lostOf(settled)).toBe(1);
  }
});

it("tells a late event that one view recorded and the other did not", () => {
  const settled = settle({ ...all, late: new Set([lateName(items.name, "3", "late")]) });
  expect(settled.views).toMatchObject({ user_purchases: { late: 0, lost: 1 }, item_activity: { lost: 0 } });
  expect(lostOf(settled)).toBe(1);
});

it("misses no record where a view drops late events", () => {
  const settled = settle({ ...all, late: new Set() }, [{ ...purchases, latePolicy: "drop" }]);
  expect(settled.views).toMatchObject({ user_purchases: { late: 0, dropped: 1, lost: 0 } });
});
