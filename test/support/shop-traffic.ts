import { eventMessage, type OutgoingMessage } from "../../pipeline/stores/pubsub-messages.ts";

/** Shop events of now, numbered through: their ids are `e0`, `e1`, … */
export interface ShopTraffic {
  /** The messages of the next `count` events. */
  next(count: number): OutgoingMessage[];
  /** How many events there were. */
  readonly sent: number;
  /** When the last ones happened, ms; 0 before the first. */
  readonly lastMs: number;
}

/**
 * Some users, some views, each tenth event published twice, each seventh six minutes late.
 * @param [users=8] the more there are, the more rows come of the same events
 */
export function shopTraffic(now: () => number, users = 8): ShopTraffic {
  let sent = 0;
  let lastMs = 0;
  const messagesOf = (n: number, nowMs: number): OutgoingMessage[] => {
    const record = {
      event_id: `e${n}`,
      event_type: n % 5 === 4 ? "view" : "purchase",
      user_id: `u${n % users}`,
      item_id: `i${n % 3}`,
      amount_usd: (n % 100) / 8 + 0.1,
      country: ["DE", "FR", "US"][n % 3] ?? "",
      occurred_at: n % 7 === 6 ? nowMs - 360_000 : nowMs - (n % 4) * 1_000,
    };
    const message = eventMessage(Buffer.from(JSON.stringify(record)), { eventId: record.event_id });
    return n % 10 === 9 ? [message, message] : [message];
  };
  return {
    get sent() {
      return sent;
    },
    get lastMs() {
      return lastMs;
    },
    next(count) {
      const nowMs = now();
      lastMs = nowMs;
      return Array.from({ length: count }, () => messagesOf(sent++, nowMs)).flat();
    },
  };
}
