import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import type { ShopEvent } from "../../schemas/generated/shop_event.ts";
import { binaryMessage, message, PUBLISHED_MS, purchase, shopEventType } from "../support/messages.ts";

const decode = createDecoder(shopEvents.plan);
const seed = 4;

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const event: fc.Arbitrary<ShopEvent> = fc.record({
  event_id: text,
  event_type: fc.constantFrom("purchase", "refund", "view"),
  user_id: text,
  item_id: text,
  amount_usd: fc.double({ noNaN: true, noDefaultInfinity: true }).map((amount) => amount + 0),
  country: text,
  occurred_at: fc.integer({ min: Date.UTC(2000, 0, 1), max: PUBLISHED_MS }),
});

const attributes = fc.dictionary(
  fc.constantFrom(
    "googclient_schemaencoding",
    "googclient_schemarevisionid",
    "freshet_first_publish_time",
    "freshet_first_message_id",
  ),
  fc.oneof(fc.constantFrom("JSON", "BINARY", "1", "2026-01-01T00:00:00Z"), fc.string()),
  { noNullPrototype: true },
);

/** Every result is an event that keeps its promises, or a dead letter that says why and keeps the message. */
function expectSound(from: ReturnType<typeof message>): void {
  const result = decode(from);
  if (isDeadLetter(result)) {
    expect(result.message).toBe(from);
    expect(result.detail).not.toBe("");
    expect(result.detail.length).toBeLessThan(1_000);
    return;
  }
  expect(result.eventId).not.toBe("");
  expect(Number.isFinite(result.value["amount_usd"])).toBe(true);
  expect(result.eventTimeMs).toBeLessThanOrEqual(result.publishTimeMs);
  expect(result.publishTimeMs).toBeLessThanOrEqual(result.deliveredTimeMs);
}

describe("decode never throws", () => {
  it("on any bytes with any attributes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), attributes, (data, attrs) =>
        expectSound(message(data, attrs)),
      ),
      { seed, numRuns: 2_000 },
    );
  });

  it("on any JSON", () => {
    fc.assert(
      fc.property(fc.json(), attributes, (json, attrs) => expectSound(message(json, attrs))),
      { seed, numRuns: 1_000 },
    );
  });

  it("on an event with any JSON in one field", () => {
    fc.assert(
      fc.property(
        event,
        fc.constantFrom(...Object.keys(purchase), "other"),
        fc.jsonValue(),
        (value, field, other) => expectSound(message({ ...value, [field]: other })),
      ),
      { seed, numRuns: 1_000 },
    );
  });

  it.each([
    ["JSON", (value: ShopEvent) => message(value)],
    ["BINARY", (value: ShopEvent) => binaryMessage(shopEventType.toBuffer(value))],
  ])("on an event in %s with bytes changed", (_, encode) => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(event, changes, (value, bytes) => {
        const encoded = encode(value);
        for (const [at, byte] of bytes) encoded.data[at % encoded.data.length] = byte;
        expectSound(encoded);
      }),
      { seed, numRuns: 2_000 },
    );
  });
});

it("gives both encodings of an event the same record", () => {
  fc.assert(
    fc.property(event, (value) => {
      const json = decode(message(value));
      const binary = decode(binaryMessage(shopEventType.toBuffer(value)));
      if (isDeadLetter(json) || isDeadLetter(binary)) throw new Error("a valid event was refused");
      expect({ ...json.value }).toEqual(value);
      expect({ ...binary.value }).toEqual(value);
    }),
    { seed, numRuns: 1_000 },
  );
});
