import avro from "avsc";
import { shopEvent, type ShopEvent } from "../../schemas/generated/shop_event.ts";
import type { PubsubMessage } from "../../pipeline/core/model.ts";

/** When test messages are published. */
export const PUBLISHED_MS = Date.UTC(2026, 0, 1, 12);

/** A purchase, a second before its message is published. */
export const purchase: ShopEvent = {
  event_id: "e1",
  event_type: "purchase",
  user_id: "u1",
  item_id: "i1",
  amount_usd: 12.5,
  country: "DE",
  occurred_at: PUBLISHED_MS - 1_000,
};

/** The Avro type of the shop event's newest revision. */
export const shopEventType = avro.Type.forSchema(shopEvent.revisions.at(-1)?.avro as avro.Schema);

/** A message as it comes from Pub/Sub. @param data text, bytes, or a value to be written as JSON */
export function message(data: unknown, attributes: Record<string, string> = {}): PubsubMessage {
  const bytes =
    data instanceof Uint8Array ? data : Buffer.from(typeof data === "string" ? data : JSON.stringify(data));
  return { data: bytes, attributes, messageId: "m1", publishTimeMs: PUBLISHED_MS, orderingKey: "" };
}

/** A message in Avro's binary encoding. */
export function binaryMessage(data: Uint8Array, attributes: Record<string, string> = {}): PubsubMessage {
  return message(data, { googclient_schemaencoding: "BINARY", ...attributes });
}
