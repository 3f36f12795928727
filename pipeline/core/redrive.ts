import { formatInstant, parseInstant } from "./instant.ts";
import type { DeadLetter, PubsubMessage } from "./model.ts";

/**
 * Attributes that a published dead letter or late event carries beside the producer's own. Published again to its
 * source topic as it is, a message keeps its first publish time; else everything redriven would be late.
 */
export const FRESHET_ATTRIBUTES = {
  /** RFC 3339, milliseconds. */
  firstPublishTime: "freshet_first_publish_time",
  firstMessageId: "freshet_first_message_id",
  reason: "freshet_reason",
  detail: "freshet_detail",
} as const;

/** @see https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_ATTRIBUTES = 100;
const MAX_VALUE_BYTES = 1024;

/** When a message was published for the first time, and by which id. */
export interface FirstPublish {
  readonly publishTimeMs: number;
  readonly messageId: string;
}

/**
 * The first publish of a message: its own, unless attributes say that it was published again.
 * @returns a sentence when the attributes hold no time, or one after the message's own publish
 */
export function firstPublish(message: PubsubMessage): FirstPublish | string {
  const { firstPublishTime, firstMessageId } = FRESHET_ATTRIBUTES;
  const time = message.attributes[firstPublishTime];
  if (time === undefined) return message;
  const publishTimeMs = parseInstant(time);
  if (publishTimeMs === undefined || publishTimeMs > message.publishTimeMs) {
    return (
      `attribute ${firstPublishTime} is ${JSON.stringify(time.slice(0, 60))}: it must be an RFC 3339 time ` +
      `not after the message's own publish time, ${formatInstant(message.publishTimeMs)}`
    );
  }
  return { publishTimeMs, messageId: message.attributes[firstMessageId] || message.messageId };
}

/** The attributes that tell of a message's first publish. */
export function firstPublishAttributes(first: FirstPublish): Record<string, string> {
  return {
    [FRESHET_ATTRIBUTES.firstPublishTime]: formatInstant(first.publishTimeMs),
    [FRESHET_ATTRIBUTES.firstMessageId]: first.messageId,
  };
}

/**
 * All attributes of a published dead letter: the message's own, its first publish, reason and detail. Within
 * Pub/Sub's limits: of more than 96 attributes of a producer the last ones are left out (the table keeps them).
 */
export function deadLetterAttributes({ message, reason, detail }: DeadLetter): Record<string, string> {
  const own = Object.entries(message.attributes).slice(
    0,
    MAX_ATTRIBUTES - Object.keys(FRESHET_ATTRIBUTES).length,
  );
  const first = firstPublish(message);
  return {
    ...Object.fromEntries(own),
    ...firstPublishAttributes(typeof first === "string" ? message : first),
    [FRESHET_ATTRIBUTES.reason]: reason,
    [FRESHET_ATTRIBUTES.detail]: cut(detail),
  };
}

/** The longest beginning of a text that fits an attribute, not cutting a character in half. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_VALUE_BYTES) return text;
  let end = MAX_VALUE_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
