import type { EventPlan } from "./event-plan.ts";
import { formatInstant } from "./instant.ts";
import { effectiveEventTime } from "./lateness.ts";
import type { DeadLetter, DecodedEvent, PubsubMessage } from "./model.ts";
import { payloadReader, type PayloadOptions } from "./payload-reader.ts";
import type { Fields } from "./record-check.ts";
import { firstPublish } from "./redrive.ts";
import { Refusal } from "./revision-reader.ts";

/** Turns a message into its event, or into a dead letter. Never throws, whatever the bytes. */
export type Decoder = (message: PubsubMessage) => DecodedEvent | DeadLetter;

/** Longest key in bytes of UTF-8: a Bigtable row key holds 4 KB, and keys are meant to be short. */
export const MAX_KEY_BYTES = 1024;
/** UTF-8 takes at most three bytes a UTF-16 unit, so most keys need no counting. */
const SURELY_SHORT = Math.floor(MAX_KEY_BYTES / 3);
const MIN_EVENT_TIME_MS = Date.UTC(2000, 0, 1);
const MAX_EVENT_TIME_MS = Date.UTC(10_000, 0, 1) - 1;

/**
 * Builds the decoder of an event. A message is judged in the order size, encoding, revision, schema, keys, time;
 * the first thing wrong names the reason.
 * @throws EventSchemaError when the newest revision can't read an older one
 * @throws RevisionAliasError
 */
export function createDecoder(plan: EventPlan, options: PayloadOptions = {}): Decoder {
  const read = payloadReader(plan, options);
  return function decode(message) {
    const value = read(message);
    const event = value instanceof Refusal ? timeRefusal(value, plan) : toEvent(value, plan, message);
    return event instanceof Refusal ? { reason: event.reason, detail: event.detail, message } : event;
  };
}

/** Whether decoding ended in a dead letter. */
export function isDeadLetter(result: DecodedEvent | DeadLetter): result is DeadLetter {
  return "reason" in result;
}

function toEvent(value: Fields, plan: EventPlan, message: PubsubMessage): DecodedEvent | Refusal {
  const wrongKey = checkKeys(value, plan.keyFields);
  if (wrongKey !== undefined) return wrongKey;
  const rawEventTimeMs = value[plan.eventTimeField] as number;
  if (rawEventTimeMs < MIN_EVENT_TIME_MS || rawEventTimeMs > MAX_EVENT_TIME_MS) {
    return absurdTime(plan.eventTimeField, rawEventTimeMs);
  }
  const first = firstPublish(message);
  if (typeof first === "string") return new Refusal("malformed", first);
  const time = effectiveEventTime(rawEventTimeMs, first.publishTimeMs, plan.maxClockSkewMs);
  if (time === undefined) return futureTime(rawEventTimeMs, first.publishTimeMs, plan);
  return {
    eventId: value[plan.eventIdField] as string,
    messageId: first.messageId,
    publishTimeMs: first.publishTimeMs,
    deliveredTimeMs: message.publishTimeMs,
    eventTimeMs: time.eventTimeMs,
    rawEventTimeMs,
    clamped: time.clamped,
    value,
  };
}

function checkKeys(value: Fields, keyFields: readonly string[]): Refusal | undefined {
  for (const field of keyFields) {
    const key = value[field] as string;
    if (key === "") return new Refusal("empty_key", `${field} is empty: it must name something`);
    if (key.length <= SURELY_SHORT) continue;
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_KEY_BYTES) {
      return new Refusal("key_too_long", `${field} has ${bytes} bytes: at most ${MAX_KEY_BYTES}`);
    }
  }
  return undefined;
}

/** A number in the event time's field that no `long` holds exactly is no wrong type but an absurd time. */
function timeRefusal(refusal: Refusal, { eventTimeField }: EventPlan): Refusal {
  const { field, value } = refusal;
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return field === eventTimeField && isNumber ? absurdTime(field, value) : refusal;
}

function absurdTime(field: string, value: number | bigint): Refusal {
  return new Refusal(
    "event_time_absurd",
    `${field} is ${String(value)}: it must be whole milliseconds since 1970, in the years 2000 to 9999`,
  );
}

function futureTime(eventTimeMs: number, publishTimeMs: number, plan: EventPlan): Refusal {
  return new Refusal(
    "event_time_in_future",
    `${plan.eventTimeField} is ${formatInstant(eventTimeMs)}, ${(eventTimeMs - publishTimeMs) / 1000} s after its ` +
      `publish time: at most ${plan.maxClockSkewMs / 1000} s`,
  );
}
