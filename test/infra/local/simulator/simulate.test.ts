import { describe, expect, test } from "vitest";
import { BREAKAGES, DEFAULT_SHARES } from "../../../../infra/local/simulator/faults.ts";
import { seededRandom } from "../../../../infra/local/simulator/random.ts";
import { simulate } from "../../../../infra/local/simulator/simulate.ts";
import type { SimulatedMessage, SimulationOptions } from "../../../../infra/local/simulator/simulate.ts";
import { zipf } from "../../../../infra/local/simulator/zipf.ts";
import { createDecoder, isDeadLetter } from "../../../../pipeline/core/decode.ts";
import type { DecodedEvent } from "../../../../pipeline/core/model.ts";
import { shopEvents } from "../../../../pipeline/features/events.ts";
import type { ShopEvent } from "../../../../schemas/generated/shop_event.ts";

const START_MS = Date.UTC(2026, 0, 1);
const NONE = { late: 0, duplicate: 0, malformed: 0 };
const OPTIONS: SimulationOptions = { seed: 1, ratePerSecond: 100, startMs: START_MS };
const COUNT = 20_000;

function messagesOf(options: Partial<SimulationOptions> = {}, count = COUNT): SimulatedMessage[] {
  const shop = simulate({ ...OPTIONS, ...options });
  return Array.from({ length: count }, () => shop.next().value);
}

const decode = createDecoder(shopEvents.plan);
const decoded = ({ data, attributes, sendAtMs }: SimulatedMessage) =>
  decode({ data, attributes, messageId: "1", publishTimeMs: sendAtMs, orderingKey: "" });
const eventsOf = (messages: readonly SimulatedMessage[]): DecodedEvent<ShopEvent>[] =>
  messages.map(decoded).filter((result) => !isDeadLetter(result)) as unknown as DecodedEvent<ShopEvent>[];

const shareOf = <T>(items: readonly T[], is: (item: T) => boolean): number =>
  items.filter(is).length / items.length;

test("the same seed gives the same messages, another one others", () => {
  expect(messagesOf({}, 500)).toEqual(messagesOf({}, 500));
  expect(messagesOf({}, 500)).not.toEqual(messagesOf({ seed: 2 }, 500));
});

test("messages come in the order of sending, at the rate asked for, and none before it happened", () => {
  const messages = messagesOf({ shares: NONE });
  const sent = messages.map((message) => message.sendAtMs);
  expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  const seconds = ((sent.at(-1) ?? 0) - START_MS) / 1000;
  // The first minutes have fewer purchases, which follow on views.
  expect(COUNT / seconds).toBeGreaterThan(85);
  expect(COUNT / seconds).toBeLessThan(110);
  expect(eventsOf(messages).every((event) => !event.clamped)).toBe(true);
});

test("without faults every message is an event of its own, in time", () => {
  const messages = messagesOf({ shares: NONE }, 5_000);
  const events = eventsOf(messages);
  expect(events).toHaveLength(5_000);
  expect(new Set(events.map((event) => event.eventId)).size).toBe(5_000);
  expect(events.every((event) => event.publishTimeMs - event.eventTimeMs <= 8_000)).toBe(true);
  expect(events.map((event) => event.eventId)).toEqual(
    messages.map((message) => message.attributes["event_id"]),
  );
});

test("events leave in another order than they happened, by seconds", () => {
  const times = eventsOf(messagesOf({ shares: NONE }, 5_000)).map((event) => event.eventTimeMs);
  expect(
    shareOf(times.slice(1), (time) => time < Math.max(...times.slice(0, times.indexOf(time)))),
  ).toBeGreaterThan(0.1);
});

describe("behaviour", () => {
  const events = eventsOf(messagesOf({ shares: NONE })).map((event) => event.value);
  const of = (type: ShopEvent["event_type"]) => events.filter((event) => event.event_type === type);

  test("users buy what they looked at, and send back what they bought", () => {
    const acts = (type: ShopEvent["event_type"]) =>
      of(type).map((event) => `${event.user_id} ${event.item_id}`);
    const [viewed, bought] = [new Set(acts("view")), new Set(acts("purchase"))];
    expect([...bought].filter((act) => !viewed.has(act))).toEqual([]);
    expect(acts("refund").filter((act) => !bought.has(act))).toEqual([]);
    expect(of("purchase").length / of("view").length).toBeGreaterThan(0.2);
    expect(of("refund").length).toBeGreaterThan(10);
  });

  test("views cost nothing; the rest has amounts in whole cents", () => {
    expect(of("view").every((event) => event.amount_usd === 0)).toBe(true);
    const amounts = [...of("purchase"), ...of("refund")].map((event) => event.amount_usd);
    expect(amounts.every((amount) => amount > 0 && amount < 2_000)).toBe(true);
    expect(amounts.every((amount) => Math.abs(amount * 100 - Math.round(amount * 100)) < 1e-6)).toBe(true);
  });

  test("a user has one country, and a few users do most", () => {
    const countries = new Map<string, Set<string>>();
    const counts = new Map<string, number>();
    for (const { user_id: user, country } of events) {
      countries.set(user, (countries.get(user) ?? new Set()).add(country));
      counts.set(user, (counts.get(user) ?? 0) + 1);
    }
    expect([...countries.values()].every((each) => each.size === 1)).toBe(true);
    const most = [...counts.values()].toSorted((a, b) => b - a);
    expect(most.slice(0, 100).reduce((sum, n) => sum + n) / COUNT).toBeGreaterThan(0.5);
    expect(counts.size).toBeGreaterThan(1_000);
  });
});

describe("faults", () => {
  const messages = messagesOf({ shares: { late: 0.02, duplicate: 0.03, malformed: 0.04 } });
  const events = eventsOf(messages);

  test("come in the shares asked for", () => {
    const ids = messages.map((message) => message.attributes["event_id"]);
    expect(1 - new Set(ids).size / ids.length).toBeCloseTo(0.03, 2);
    expect(1 - events.length / messages.length).toBeCloseTo(0.04, 2);
    const late = shareOf(events, (event) => event.publishTimeMs - event.eventTimeMs > 300_000);
    expect(late).toBeCloseTo(0.02, 2);
  });

  test("a duplicate is the same event again, not later than 20 s", () => {
    const first = new Map<string, SimulatedMessage>();
    for (const message of messages) {
      const id = message.attributes["event_id"] ?? "";
      const other = first.get(id);
      if (!other) first.set(id, message);
      else {
        expect(message.data).toEqual(other.data);
        expect(message.sendAtMs - other.sendAtMs).toBeLessThanOrEqual(20_000);
      }
    }
  });

  test("late ones come from the start on, so that a first run shows them", () => {
    const firstMinute = events.filter((event) => event.publishTimeMs < START_MS + 60_000);
    expect(firstMinute.some((event) => event.eventTimeMs < START_MS - 240_000)).toBe(true);
  });

  test("by default there are few", () => {
    expect(Object.values(DEFAULT_SHARES).every((share) => share > 0 && share <= 0.02)).toBe(true);
  });

  test.each([
    ["broken_json", "malformed"],
    ["broken_utf8", "invalid_utf8"],
    ["wrong_type", "schema_mismatch"],
    ["missing_field", "schema_mismatch"],
    ["unknown_field", "schema_mismatch"],
    ["clock_ahead", "event_time_in_future"],
    ["empty_key", "empty_key"],
  ] as const)("%s is the dead letter %s", (breakage, reason) => {
    const event: ShopEvent = {
      event_id: "e",
      event_type: "view",
      user_id: "user-1",
      item_id: "item-1",
      amount_usd: 0,
      country: "FR",
      occurred_at: START_MS,
    };
    const message = { data: BREAKAGES[breakage](event), attributes: {}, sendAtMs: START_MS };
    expect(decoded(message)).toMatchObject({ reason });
  });
});

test("Zipf's law: rank r is drawn 1 / (r + 1) as often as rank 0", () => {
  const draw = zipf(10, 1, seededRandom(5));
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const rank = draw();
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  const [most = 0] = counts;
  counts.forEach((count, rank) => expect(count / most).toBeCloseTo(1 / (rank + 1), 1));
});
