import { createHash } from "node:crypto";
import { SCHEMA_ATTRIBUTES } from "../core/payload-reader.ts";
import type { DeadLetter, LateEvent } from "../core/model.ts";
import { deadLetterAttributes, firstPublishAttributes, FRESHET_ATTRIBUTES } from "../core/redrive.ts";

/** A message to publish. */
export interface OutgoingMessage {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** Attributes that this pipeline's own messages carry beside those of `redrive.ts`. */
export const MESSAGE_ATTRIBUTES = {
  /** The event's id; consumers drop repeats by it. */
  eventId: "event_id",
  /** The feature view that left an event out. */
  view: "freshet_view",
} as const;

/**
 * Most bytes that a message may take with its attributes. Pub/Sub's limit is 10 MB for the whole request; the rest
 * is for names and framing.
 * @see https://cloud.google.com/pubsub/quotas#resource_limits
 */
export const MAX_MESSAGE_BYTES = 9_990_000;

/** Bytes that a message takes in a request, nearly. */
export function messageBytes({ data, attributes, orderingKey = "" }: OutgoingMessage): number {
  let bytes = data.byteLength + orderingKey.length + 32;
  for (const [name, value] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 8;
  }
  return bytes;
}

/**
 * A dead letter as it is published: the message as it was, with its reason. Of a message so large that the reason
 * no longer fits beside it, the end is cut off, and the detail says so.
 */
export function deadLetterMessage(letter: DeadLetter): OutgoingMessage {
  const { message, detail } = letter;
  const whole = {
    data: message.data,
    attributes: deadLetterAttributes(letter),
    ...orderingOf(message.orderingKey),
  };
  const excess = messageBytes(whole) - MAX_MESSAGE_BYTES;
  if (excess <= 0) return whole;
  const note = `data is cut off, it had ${message.data.byteLength} bytes; `;
  const data = message.data.subarray(0, message.data.byteLength - excess - note.length);
  return { ...whole, data, attributes: deadLetterAttributes({ ...letter, detail: note + detail }) };
}

/**
 * A late event as it is published: the event as JSON of the schema's newest revision, readable by any consumer of
 * its source topic. Of a closed window's event only the attributes are known.
 */
export function lateMessage({ view, reason, event }: LateEvent): OutgoingMessage {
  const known = Object.keys(event.value).length > 0;
  return {
    data: known ? Buffer.from(JSON.stringify(event.value)) : new Uint8Array(0),
    attributes: {
      [MESSAGE_ATTRIBUTES.eventId]: event.eventId,
      [SCHEMA_ATTRIBUTES.encoding]: "JSON",
      ...firstPublishAttributes(event),
      [FRESHET_ATTRIBUTES.reason]: reason,
      [MESSAGE_ATTRIBUTES.view]: view,
    },
  };
}

/** An event for its source topic. Without an id of its own, equal bytes get an equal one. */
export function eventMessage(
  data: Uint8Array,
  options: { eventId?: string; encoding?: "JSON" | "BINARY" } = {},
): OutgoingMessage {
  const { eventId = createHash("sha256").update(data).digest("base64url"), encoding = "JSON" } = options;
  return {
    data,
    attributes: { [MESSAGE_ATTRIBUTES.eventId]: eventId, [SCHEMA_ATTRIBUTES.encoding]: encoding },
  };
}

const orderingOf = (orderingKey: string) => (orderingKey === "" ? {} : { orderingKey });
