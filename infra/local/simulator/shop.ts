import type { ShopEvent } from "../../../schemas/generated/shop_event.ts";
import { Heap } from "../pubsub/heap.ts";
import type { Random } from "./random.ts";
import { zipf } from "./zipf.ts";

/** The shop's size and pace. */
export interface ShopOptions {
  /** Events a second, on average over the long run. */
  readonly ratePerSecond: number;
  /** When the shop opens, epoch milliseconds. */
  readonly startMs: number;
  readonly users: number;
  readonly items: number;
  /** Starts every event id, so that two runs share none. */
  readonly idPrefix: string;
}

const BUYS = 0.3;
const SENDS_BACK = 0.06;
const SECOND_MS = 1_000;
const USER_EXPONENT = 1.05;
const ITEM_EXPONENT = 0.9;
/** More of the frequent ones. */
const COUNTRIES = ["US", "US", "US", "US", "GB", "GB", "DE", "DE", "FR", "NL", "CA", "AU", "BR", "IN", "JP"];

/**
 * What happens in the shop, in order of time, without end: a user looks at an item, may buy it seconds to two minutes
 * later, and may send it back within ten more. Nothing here is late or wrong.
 */
export function* shopEvents(options: ShopOptions, random: Random): Generator<ShopEvent, never> {
  const { ratePerSecond, startMs, users, items, idPrefix } = options;
  const user = zipf(users, USER_EXPONENT, random);
  const item = zipf(items, ITEM_EXPONENT, random);
  const countries = Array.from({ length: users }, () => random.pick(COUNTRIES));
  const prices = Array.from({ length: items }, () => price(random));
  // Each view brings BUYS purchases, and those SENDS_BACK refunds: the views must leave room for them.
  const meanGapMs = (SECOND_MS / ratePerSecond) * (1 + BUYS + BUYS * SENDS_BACK);
  const coming = new Heap<ShopEvent>((event) => event.occurred_at);
  let count = 0;
  let viewAtMs = startMs;

  const happen = (cause: Omit<ShopEvent, "event_id" | "occurred_at">, atMs: number): void => {
    coming.push({ ...cause, event_id: `${idPrefix}-${count++}`, occurred_at: Math.round(atMs) });
  };
  const view = (): void => {
    viewAtMs += random.exponential(meanGapMs);
    const who = user();
    const what = item();
    happen(
      {
        event_type: "view",
        user_id: `user-${who}`,
        item_id: `item-${what}`,
        amount_usd: 0,
        country: countries[who] as string,
      },
      viewAtMs,
    );
  };

  for (;;) {
    while (viewAtMs <= (coming.peek()?.occurred_at ?? viewAtMs)) view();
    const event = coming.pop() as ShopEvent;
    const atMs = event.occurred_at;
    if (event.event_type === "view" && random.chance(BUYS)) {
      const amount = cents((1 + random.integer(3)) * (prices[Number(event.item_id.slice(5))] as number));
      const afterMs = random.between(3, 120) * SECOND_MS;
      happen({ ...event, event_type: "purchase", amount_usd: amount }, atMs + afterMs);
    } else if (event.event_type === "purchase" && random.chance(SENDS_BACK)) {
      happen({ ...event, event_type: "refund" }, atMs + random.between(30, 600) * SECOND_MS);
    }
    yield event;
  }
}

/** Mostly between 5 and 60 dollars, a few much more. */
const price = (random: Random): number => cents(4 + random.exponential(20) + (random.chance(0.03) ? 150 : 0));

const cents = (amount: number): number => Math.round(amount * 100) / 100;
