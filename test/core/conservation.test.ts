import { expect, it } from "vitest";
import {
  balances,
  balanceText,
  DECODE_REASONS,
  type MessageCounts,
  messageCounts,
} from "../../pipeline/core/conservation.ts";
import type { DeadLetterReason } from "../../pipeline/core/model.ts";

const view = { applied: 5060, late: 90, window_closed: 9, filtered: 73, duplicate: 66 };
const whole: MessageCounts = {
  read: 5362,
  decoded: 5298,
  dead_letter: 64,
  dead_letters: { malformed: 60, empty_key: 4 },
  views: { purchases: view },
};

const texts = (counts: MessageCounts) => balances(counts).map(balanceText);

it("shows both sides of each balance, and that they are equal", () => {
  expect(texts(whole)).toEqual([
    "5362 read = 5298 decoded + 64 dead letters ✓",
    "64 dead letters = 60 malformed + 4 empty_key ✓",
    "5298 decoded = 5060 applied + 90 late + 9 window_closed + 73 filtered + 66 duplicate ✓",
  ]);
  expect(balances(whole).map(({ of, difference }) => [of, difference])).toEqual([
    ["messages", 0],
    ["dead letters", 0],
    ["purchases", 0],
  ]);
});

it("has no tolerance: one message too few or too many breaks the balance that it is in, and no other", () => {
  expect(texts({ ...whole, views: { purchases: { ...view, duplicate: 65 } } })).toEqual([
    ...texts(whole).slice(0, 2),
    "5298 decoded = 5060 applied + 90 late + 9 window_closed + 73 filtered + 65 duplicate + 1 not accounted for",
  ]);
  expect(texts({ ...whole, dead_letters: { malformed: 61, empty_key: 4 } })).toEqual([
    texts(whole)[0],
    "64 dead letters = 61 malformed + 4 empty_key − 1 counted twice",
    texts(whole)[2],
  ]);
  expect(texts({ ...whole, read: 5363 })[0]).toBe(
    "5363 read = 5298 decoded + 64 dead letters + 1 not accounted for",
  );
});

it("holds for nothing read", () => {
  const nothing = messageCounts(() => 0, "sale", [{ name: "purchases", stage: "purchases.v1" }]);
  expect(nothing.dead_letters).toEqual({});
  expect(balances(nothing).every(({ difference }) => difference === 0)).toBe(true);
  expect(texts(nothing)[1]).toBe("0 dead letters = 0 ✓");
});

it("reads the counts by the names that the transforms count under, of one event only", () => {
  const totals: Record<string, number> = {
    "sale.read": 3,
    "sale.decoded": 2,
    "sale.dead_letter": 1,
    "sale.dead_letter.malformed": 1,
    "visit.read": 70,
    "visit.decoded": 70,
  };
  for (const [i, name] of Object.keys(view).entries()) totals[`purchases.v2.${name}`] = i;
  const counter = (name: string) => totals[name] ?? 0;
  expect(messageCounts(counter, "sale", [{ name: "purchases", stage: "purchases.v2" }])).toEqual({
    read: 3,
    decoded: 2,
    dead_letter: 1,
    dead_letters: { malformed: 1 },
    views: { purchases: { applied: 0, late: 1, window_closed: 2, filtered: 3, duplicate: 4 } },
  });
  expect(messageCounts(counter, "visit", [])).toMatchObject({ read: 70, dead_letter: 0, views: {} });
});

it("knows every reason of decode: a new one must be counted, or two balances are broken by it", () => {
  const all: Record<Exclude<DeadLetterReason, "row_rejected">, true> = {
    malformed: true,
    invalid_utf8: true,
    schema_mismatch: true,
    unknown_revision: true,
    unknown_encoding: true,
    empty_key: true,
    key_too_long: true,
    event_time_absurd: true,
    event_time_in_future: true,
    message_too_large: true,
  };
  expect([...DECODE_REASONS].sort()).toEqual(Object.keys(all).sort());
});
