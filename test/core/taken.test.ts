import { expect, it } from "vitest";
import { createDecoder } from "../../pipeline/core/decode.ts";
import { lateName, Ledger } from "../../pipeline/core/settled.ts";
import { features } from "../../pipeline/features/registry.ts";
import { message, PUBLISHED_MS, purchase } from "../support/messages.ts";

const HOUR_MS = 3_600_000;
const plan = features.plan("user_purchases");

const at = (messageId: string, afterMs: number, eventId: string, userId = "u") => {
  const content = { ...purchase, event_id: eventId, user_id: userId, occurred_at: PUBLISHED_MS + afterMs };
  return { ...message(content), messageId, publishTimeMs: PUBLISHED_MS + afterMs };
};

it("tells applied events from copies, of the time before too, whatever order the archive gives them in", () => {
  //  before | span
  //   a  b  |  a  c c  d/v   b(an hour on: its first is out of every window of it)
  const before = [at("1", 0, "a"), at("2", 1, "b")];
  const span = [
    at("3", 60_000, "a"),
    at("4", 60_001, "c"),
    at("5", 60_002, "c"),
    at("6", 60_003, "c", "v"), // another key's: no copy
    at("7", HOUR_MS + 60_000, "b"),
    at("8", 60_004, "closed"),
  ];
  const late = new Set([lateName(plan.name, "8", "window_closed")]);
  for (const order of [span, [...span].reverse()]) {
    const ledger = new Ledger(createDecoder(features.event("shop_event")), [plan], {
      letters: new Set(),
      late,
    });
    for (const each of before) ledger.remember(each);
    for (const each of order) ledger.add(each);
    expect(ledger.taken).toEqual({ user_purchases: { applied: 3, duplicate: 2, window_closed: 1 } });
    expect(ledger.settled.views).toMatchObject({ user_purchases: { windows: 6 } });
    expect(ledger.settled.messages).toBe(6);
  }
});
