import avro from "avsc";
import { BREAKAGES, encodeEvent } from "../../infra/local/simulator/faults.ts";
import { seededRandom } from "../../infra/local/simulator/random.ts";
import type { Random } from "../../infra/local/simulator/random.ts";
import { shopEvent } from "../../schemas/generated/shop_event.ts";
import type { ShopEvent } from "../../schemas/generated/shop_event.ts";
import { toShopEvent } from "./retail-events.ts";
import { readRetailLines } from "./retail-lines.ts";

/** One line of a recording, as `freshet replay` reads it. */
export interface RecordedMessage {
  readonly message_id: string;
  /** RFC 3339. */
  readonly publish_time: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly data_base64?: string;
}

/** What was put into a recording: what its reader has to find. */
export interface RecordingFacts {
  messages: number;
  /** Messages that can't be decoded, by the dead letter's reason. */
  dead_letters: Record<string, number>;
  /** Messages whose event was published before. */
  duplicates: number;
  /** Messages whose event is ahead of their publish time, by no more than a minute. */
  clamped: number;
  /** Decodable messages published more than 5 minutes after their event, duplicates among them. */
  late: number;
  /** Decodable messages in Avro's binary encoding. */
  binary: number;
}

interface Draft {
  readonly publishMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

const ALLOWED_LATENESS_MS = 5 * 60_000;
const MAX_SKEW_MS = 60_000;
const HOUR_MS = 60 * 60_000;
const CLAMPED_SHARE = 0.005;
const BINARY_SHARE = 0.1;
const DUPLICATE_SHARE = 0.015;
const BROKEN_SHARE = 0.012;

const avroType = avro.Type.forSchema(shopEvent.revisions.at(-1)?.avro as avro.Schema);
const encodeBinary = (event: ShopEvent): Buffer => avroType.toBuffer(event);

/** Broken messages: how to make each of an event published at a time, and the reason of its dead letter. */
const BROKEN: readonly {
  readonly reason: string;
  readonly encoding: string;
  readonly data: (event: ShopEvent, publishMs: number) => Buffer;
}[] = [
  { reason: "malformed", encoding: "JSON", data: BREAKAGES.broken_json },
  { reason: "malformed", encoding: "BINARY", data: (event) => encodeBinary(event).subarray(0, -3) },
  { reason: "invalid_utf8", encoding: "JSON", data: BREAKAGES.broken_utf8 },
  { reason: "schema_mismatch", encoding: "JSON", data: BREAKAGES.wrong_type },
  { reason: "schema_mismatch", encoding: "JSON", data: BREAKAGES.missing_field },
  { reason: "schema_mismatch", encoding: "JSON", data: BREAKAGES.unknown_field },
  { reason: "unknown_encoding", encoding: "XML", data: encodeEvent },
  { reason: "empty_key", encoding: "JSON", data: BREAKAGES.empty_key },
  {
    reason: "event_time_absurd",
    encoding: "JSON",
    data: (event) => encodeEvent({ ...event, occurred_at: 0 }),
  },
  {
    reason: "event_time_in_future",
    encoding: "BINARY",
    data: (event, publishMs) => encodeBinary({ ...event, occurred_at: publishMs + MAX_SKEW_MS + 1 }),
  },
];

/**
 * Two days of a real shop as they could have come through Pub/Sub: out of order by seconds, some late, some twice, some
 * from clocks that run ahead, some binary, some broken. The same seed gives the same recording, to the byte.
 * @returns the messages in the order of publishing, and what is in them
 */
export function shopRecording(seed: number): {
  readonly messages: RecordedMessage[];
  readonly facts: RecordingFacts;
} {
  const random = seededRandom(seed);
  const facts: RecordingFacts = {
    messages: 0,
    dead_letters: {},
    duplicates: 0,
    clamped: 0,
    late: 0,
    binary: 0,
  };
  const drafts = readRetailLines().flatMap((line, index) =>
    publications(toShopEvent(line, index, random), index, random, facts),
  );
  facts.messages = drafts.length;
  // Stable: what is published in the same millisecond keeps its order.
  const messages = drafts.toSorted((a, b) => a.publishMs - b.publishMs).map(toRecorded);
  return { messages, facts };
}

/** All messages of one event: itself, a copy of it, a broken one made after it. */
function publications(told: ShopEvent, index: number, random: Random, facts: RecordingFacts): Draft[] {
  const publishMs = told.occurred_at + delayMs(index, random);
  const clamped = publishMs - told.occurred_at < ALLOWED_LATENESS_MS && random.chance(CLAMPED_SHARE);
  const event = clamped ? { ...told, occurred_at: publishMs + 1 + random.integer(MAX_SKEW_MS) } : told;
  const binary = random.chance(BINARY_SHARE);
  const draft: Draft = {
    publishMs,
    attributes: attributesOf(event.event_id, binary ? "BINARY" : "JSON"),
    data: binary ? encodeBinary(event) : encodeEvent(event),
  };
  const drafts = [draft];
  // A publisher that got no answer sends again: soon mostly, minutes later from a phone that was in a tunnel.
  if (random.chance(DUPLICATE_SHARE)) {
    const againMs = publishMs + 50 + Math.round(random.exponential(random.chance(0.3) ? 400_000 : 2_000));
    drafts.push({ ...draft, publishMs: againMs });
    facts.duplicates++;
  }
  for (const each of drafts) {
    if (each.publishMs - event.occurred_at > ALLOWED_LATENESS_MS) facts.late++;
    if (event.occurred_at > each.publishMs) facts.clamped++;
    if (binary) facts.binary++;
  }
  if (random.chance(BROKEN_SHARE)) drafts.push(broken(event, publishMs, random, facts));
  return drafts;
}

/** How long after the event it is published: mostly a second or two; some wait minutes, some hours; some sit on the edge. */
function delayMs(index: number, random: Random): number {
  if (index % 500 === 100) return ALLOWED_LATENESS_MS;
  if (index % 500 === 200) return ALLOWED_LATENESS_MS + 1;
  const kind = random.next();
  if (kind < 0.015) return ALLOWED_LATENESS_MS + 1 + random.integer(2 * HOUR_MS);
  if (kind < 0.045) return 30_000 + random.integer(ALLOWED_LATENESS_MS - 30_000);
  return Math.min(Math.round(random.exponential(1_500)), 30_000);
}

function broken(event: ShopEvent, afterMs: number, random: Random, facts: RecordingFacts): Draft {
  const { reason, encoding, data } = random.pick(BROKEN);
  facts.dead_letters[reason] = (facts.dead_letters[reason] ?? 0) + 1;
  const own = { ...event, event_id: `${event.event_id}-broken` };
  const publishMs = afterMs + random.integer(1_000);
  return { publishMs, attributes: attributesOf(own.event_id, encoding), data: data(own, publishMs) };
}

const attributesOf = (eventId: string, encoding: string) => ({
  event_id: eventId,
  googclient_schemaencoding: encoding,
});

function toRecorded({ publishMs, attributes, data }: Draft, index: number): RecordedMessage {
  const envelope = {
    // All of one length, so that they order alike as text and as numbers.
    message_id: String(10_000_000 + index),
    publish_time: new Date(publishMs).toISOString(),
    attributes,
  };
  return isJson(attributes, data)
    ? { ...envelope, json: JSON.parse(data.toString()) as unknown }
    : { ...envelope, data_base64: data.toString("base64") };
}

/** Whether writing the payload as JSON gives its very bytes back. */
function isJson(attributes: Draft["attributes"], data: Buffer): boolean {
  if (attributes["googclient_schemaencoding"] === "BINARY") return false;
  try {
    return Buffer.from(JSON.stringify(JSON.parse(data.toString()))).equals(data);
  } catch {
    return false;
  }
}
