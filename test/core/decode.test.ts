import { describe, expect, it } from "vitest";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import type { DeadLetter, DecodedEvent, PubsubMessage } from "../../pipeline/core/model.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { binaryMessage, message, PUBLISHED_MS, purchase, shopEventType } from "../support/messages.ts";

const decode = createDecoder(shopEvents.plan);

function decoded(from: PubsubMessage): DecodedEvent {
  const result = decode(from);
  if (isDeadLetter(result)) throw new Error(`dead letter: ${result.reason}, ${result.detail}`);
  return result;
}

function refused(from: PubsubMessage): DeadLetter {
  const result = decode(from);
  if (!isDeadLetter(result)) throw new Error("the message was decoded");
  expect(result.message).toBe(from);
  return result;
}

const binary = (change: object = {}) => shopEventType.toBuffer({ ...purchase, ...change });

/** The same event in both encodings. */
const encodings: [string, (change: object) => PubsubMessage][] = [
  ["JSON", (change) => message({ ...purchase, ...change })],
  ["BINARY", (change) => binaryMessage(binary(change))],
];

describe.each(encodings)("a message in %s", (_, encode) => {
  it("becomes its event", () => {
    expect(decoded(encode({}))).toEqual({
      eventId: "e1",
      messageId: "m1",
      publishTimeMs: PUBLISHED_MS,
      deliveredTimeMs: PUBLISHED_MS,
      eventTimeMs: purchase.occurred_at,
      rawEventTimeMs: purchase.occurred_at,
      clamped: false,
      value: expect.objectContaining({ ...purchase }) as unknown,
    });
  });

  it.each([
    ["event_id", "empty_key"],
    ["user_id", "empty_key"],
    ["item_id", "empty_key"],
  ])("with an empty %s is refused: %s", (field, reason) => {
    expect(refused(encode({ [field]: "" }))).toMatchObject({
      reason,
      detail: `${field} is empty: it must name something`,
    });
  });

  it("may have a key of 1,024 bytes of UTF-8, not of 1,025", () => {
    expect(decoded(encode({ user_id: "é".repeat(512) })).value["user_id"]).toHaveLength(512);
    expect(refused(encode({ user_id: `${"é".repeat(512)}x` }))).toMatchObject({
      reason: "key_too_long",
      detail: "user_id has 1025 bytes: at most 1024",
    });
  });

  it.each([
    ["the last instant of 1999", Date.UTC(2000, 0, 1) - 1],
    ["year 10000", Date.UTC(10_000, 0, 1)],
    ["before 1970", -1],
  ])("with a time that can't be is refused: %s", (_name, occurredAt) => {
    const letter = refused(encode({ occurred_at: occurredAt }));
    expect(letter.reason).toBe("event_time_absurd");
    expect(letter.detail).toContain(`occurred_at is ${occurredAt}`);
  });

  it("may be as old as 2000-01-01", () => {
    expect(decoded(encode({ occurred_at: Date.UTC(2000, 0, 1) })).eventTimeMs).toBe(946_684_800_000);
  });

  it("counts as of its publish where its clock ran ahead, by a minute at most", () => {
    const ahead = (ms: number) => encode({ occurred_at: PUBLISHED_MS + ms });
    expect(decoded(ahead(0))).toMatchObject({ eventTimeMs: PUBLISHED_MS, clamped: false });
    expect(decoded(ahead(60_000))).toMatchObject({
      eventTimeMs: PUBLISHED_MS,
      rawEventTimeMs: PUBLISHED_MS + 60_000,
      clamped: true,
    });
    expect(refused(ahead(60_001))).toMatchObject({
      reason: "event_time_in_future",
      detail: "occurred_at is 2026-01-01T12:01:00.001Z, 60.001 s after its publish time: at most 60 s",
    });
  });
});

describe("JSON that is no event", () => {
  it.each([
    ["invalid_utf8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ["malformed", ""],
    ["malformed", "{"],
    ["malformed", "[".repeat(100_000)],
    ["malformed", `${JSON.stringify(purchase)} {}`],
    ["schema_mismatch", "null"],
    ["schema_mismatch", "[]"],
    ["schema_mismatch", "7"],
    ["schema_mismatch", "{}"],
  ])("%s: %s", (reason, data) => {
    expect(refused(message(data)).reason).toBe(reason);
  });

  it.each([
    [{ event_id: undefined }, "event_id is missing: it must be a string"],
    [{ user_id: 7 }, "user_id is 7: it must be a string"],
    [{ user_id: null }, "user_id is null: it must be a string"],
    [{ user_id: ["u"] }, "user_id is a list: it must be a string"],
    [{ event_type: "gift" }, 'event_type is "gift": it must be one of purchase, refund, view'],
    [{ amount_usd: "12" }, 'amount_usd is "12": it must be a finite number'],
    [{ occurred_at: "2026-01-01" }, 'occurred_at is "2026-01-01": it must be a whole number within 2^53'],
    [
      { coupon: 1 },
      '"coupon" is no field of the schema: its fields are event_id, event_type, user_id, item_id, amount_usd, country, occurred_at',
    ],
  ])("names the field: %j", (change, detail) => {
    expect(refused(message({ ...purchase, ...change }))).toMatchObject({ reason: "schema_mismatch", detail });
  });

  it("is a number too large for JSON, read as infinity", () => {
    const text = JSON.stringify({ ...purchase, amount_usd: 0 }).replace(
      '"amount_usd":0',
      '"amount_usd":1e999',
    );
    expect(refused(message(text))).toMatchObject({
      reason: "schema_mismatch",
      detail: "amount_usd is Infinity: it must be a finite number",
    });
  });

  it.each(["1.5", "1e300", "9007199254740993"])("is an event time of %s", (time) => {
    const text = JSON.stringify(purchase).replace(String(purchase.occurred_at), time);
    expect(refused(message(text)).reason).toBe("event_time_absurd");
  });

  it("is a field named __proto__, which must not pass for nothing", () => {
    const text = JSON.stringify(purchase).replace("{", '{"__proto__":{},');
    expect(refused(message(text)).reason).toBe("schema_mismatch");
  });

  it("is a key that no UTF-8 can carry", () => {
    const text = JSON.stringify(purchase).replace('"u1"', '"\\ud800"');
    expect(refused(message(text))).toMatchObject({
      reason: "invalid_utf8",
      detail: "user_id holds half a character (a lone surrogate), which no UTF-8 can carry",
    });
  });

  it("shows no more of a long value than a sentence needs", () => {
    const { detail } = refused(message({ ...purchase, event_type: "x".repeat(100_000) }));
    expect(detail.length).toBeLessThan(200);
  });
});

describe("JSON that is an event", () => {
  it("may write a double as a whole number", () => {
    expect(decoded(message({ ...purchase, amount_usd: 12 })).value["amount_usd"]).toBe(12);
  });

  it("may hold U+FFFD, when it was sent so", () => {
    expect(decoded(message({ ...purchase, country: "\uFFFD" })).value["country"]).toBe("\uFFFD");
  });
});

describe("Avro that is no event", () => {
  it.each([
    ["no bytes", Buffer.alloc(0)],
    ["cut off", binary().subarray(0, -1)],
    ["bytes behind", Buffer.concat([binary(), Buffer.of(0)])],
    ["a symbol that is none", Buffer.concat([Buffer.of(4, 0x65, 0x31, 20), binary().subarray(4)])],
  ])("is malformed: %s", (_, data) => {
    const letter = refused(binaryMessage(data));
    expect(letter.reason).toBe("malformed");
    expect(letter.detail).toMatch(/^the message is not Avro of revision 1: /);
  });

  it.each([NaN, Infinity, -Infinity])("is an amount of %s", (amount) => {
    expect(refused(binaryMessage(binary({ amount_usd: amount })))).toMatchObject({
      reason: "schema_mismatch",
      detail: `amount_usd is ${amount}: it must be a finite number`,
    });
  });

  it("is a text that is not UTF-8", () => {
    const bytes = binary({ country: "é" });
    const at = bytes.indexOf(Buffer.from("é"));
    bytes[at + 1] = 0x28;
    expect(refused(binaryMessage(bytes)).reason).toBe("invalid_utf8");
  });

  it("is a time beyond 2^53", () => {
    const bytes = binary();
    const time = Buffer.from("ffffffffffffffffff01", "hex"); // the least 64-bit integer
    const without = bytes.subarray(0, -shopTimeLength());
    expect(refused(binaryMessage(Buffer.concat([without, time])))).toMatchObject({
      reason: "event_time_absurd",
      detail: expect.stringContaining("occurred_at is -9223372036854775808") as unknown,
    });
  });

  it("is not JSON, and the other way round", () => {
    expect(refused(message(binary())).reason).toMatch(/malformed|invalid_utf8/);
    expect(refused(binaryMessage(Buffer.from(JSON.stringify(purchase)))).reason).toBe("malformed");
  });

  function shopTimeLength(): number {
    let rest = BigInt(purchase.occurred_at) << 1n;
    let length = 1;
    while ((rest >>= 7n) > 0n) length++;
    return length;
  }
});

describe("Avro that is an event", () => {
  it("may hold U+FFFD, when it was sent so", () => {
    expect(decoded(binaryMessage(binary({ country: "\uFFFD" }))).value["country"]).toBe("\uFFFD");
  });

  it("may be a plain Uint8Array within a larger buffer", () => {
    const padded = new Uint8Array([9, 9, ...binary(), 9]);
    expect(decoded(binaryMessage(padded.subarray(2, -1))).eventId).toBe("e1");
  });
});

describe("a message's envelope", () => {
  it.each(["json", "PROTOCOL_BUFFER", ""])("may not name the encoding %j", (encoding) => {
    expect(refused(message(purchase, { googclient_schemaencoding: encoding }))).toMatchObject({
      reason: "unknown_encoding",
      detail: `attribute googclient_schemaencoding is "${encoding}": known are JSON, BINARY`,
    });
  });

  it.each(["2", "", "__proto__", "constructor"])("may not name the revision %j", (revision) => {
    expect(refused(message(purchase, { googclient_schemarevisionid: revision }))).toMatchObject({
      reason: "unknown_revision",
      detail: `attribute googclient_schemarevisionid is "${revision}": known are 1`,
    });
  });

  it("may name both rightly", () => {
    const attributes = { googclient_schemaencoding: "JSON", googclient_schemarevisionid: "1" };
    expect(decoded(message(purchase, attributes)).eventId).toBe("e1");
  });

  it("may hold 1 MiB, not more, unless told otherwise", () => {
    const padded = (length: number) => message(JSON.stringify(purchase).padEnd(length));
    expect(decoded(padded(2 ** 20)).eventId).toBe("e1");
    expect(refused(padded(2 ** 20 + 1))).toMatchObject({
      reason: "message_too_large",
      detail: "the message has 1048577 bytes: at most 1048576",
    });
    const small = createDecoder(shopEvents.plan, { maxMessageBytes: 10 });
    expect(small(message(purchase))).toMatchObject({ reason: "message_too_large" });
  });
});

describe("a message published again", () => {
  const attributes = {
    freshet_first_publish_time: "2026-01-01T11:00:00.250Z",
    freshet_first_message_id: "m0",
  };
  const first = Date.UTC(2026, 0, 1, 11, 0, 0, 250);

  it("keeps its first publish, by which time is judged", () => {
    expect(decoded(message({ ...purchase, occurred_at: first + 1 }, attributes))).toMatchObject({
      messageId: "m0",
      publishTimeMs: first,
      deliveredTimeMs: PUBLISHED_MS,
      eventTimeMs: first,
      clamped: true,
    });
  });

  it.each(["yesterday", "", "2026-13-01T00:00:00Z", "2026-01-01T12:00:00.001Z"])(
    "must say when it was published first, before now: %j",
    (time) => {
      const letter = refused(message(purchase, { freshet_first_publish_time: time }));
      expect(letter.reason).toBe("malformed");
      expect(letter.detail).toContain(`attribute freshet_first_publish_time is "${time}"`);
    },
  );
});
