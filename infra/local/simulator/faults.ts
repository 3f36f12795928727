import type { ShopEvent } from "../../../schemas/generated/shop_event.ts";
import type { Random } from "./random.ts";

/** How many of the messages have each fault: shares of 1. */
export interface FaultShares {
  /** Published longer after the event than the views allow. @default 0.01 */
  readonly late: number;
  /** Published twice, with the same event id. @default 0.01 */
  readonly duplicate: number;
  /** Not to be decoded: broken JSON or UTF-8, the wrong schema, a clock an hour ahead, an empty key. @default 0.005 */
  readonly malformed: number;
}

export const DEFAULT_SHARES: FaultShares = { late: 0.01, duplicate: 0.01, malformed: 0.005 };

const HOUR_MS = 3_600_000;

const encode = (event: unknown): Buffer => Buffer.from(JSON.stringify(event));

/** Every way to break an event, by name. */
export const BREAKAGES = {
  broken_json: (event: ShopEvent) => encode(event).subarray(0, -10),
  broken_utf8: (event: ShopEvent) =>
    Buffer.concat([encode(event).subarray(0, -2), Buffer.from([0xff, 0x22, 0x7d])]),
  wrong_type: (event: ShopEvent) => encode({ ...event, amount_usd: String(event.amount_usd) }),
  missing_field: (event: ShopEvent) => encode({ ...event, country: undefined }),
  unknown_field: (event: ShopEvent) => encode({ ...event, color: "red" }),
  clock_ahead: (event: ShopEvent) => encode({ ...event, occurred_at: event.occurred_at + HOUR_MS }),
  empty_key: (event: ShopEvent) => encode({ ...event, user_id: "" }),
} as const satisfies Record<string, (event: ShopEvent) => Buffer>;

/** The bytes of an event, broken in one way. */
export function breakEvent(event: ShopEvent, random: Random): Buffer {
  return random.pick(Object.values(BREAKAGES))(event);
}

/** The bytes of an event as they should be. */
export const encodeEvent = (event: ShopEvent): Buffer => encode(event);
