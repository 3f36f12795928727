import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeadLetter } from "../../pipeline/core/model.ts";
import { firstPublish } from "../../pipeline/core/redrive.ts";
import {
  deadLetterMessage,
  eventMessage,
  lateMessage,
  MAX_MESSAGE_BYTES,
  messageBytes,
} from "../../pipeline/stores/pubsub-messages.ts";
import { testEvent } from "../support/plans.ts";

const publishTimeMs = Date.UTC(2026, 0, 1);

function letter(data: Uint8Array, attributes: Record<string, string> = {}): DeadLetter {
  const message = { data, attributes, messageId: "m1", publishTimeMs, orderingKey: "" };
  return { reason: "malformed", detail: "no JSON", message };
}

describe("deadLetterMessage", () => {
  it("is the message as it was, with its reason and its first publish", () => {
    const data = Buffer.from("{");
    expect(deadLetterMessage(letter(data, { event_id: "e1" }))).toEqual({
      data,
      attributes: {
        event_id: "e1",
        freshet_first_publish_time: "2026-01-01T00:00:00.000Z",
        freshet_first_message_id: "m1",
        freshet_reason: "malformed",
        freshet_detail: "no JSON",
      },
    });
  });

  it("published again to its topic, keeps its first publish time", () => {
    const { data, attributes } = deadLetterMessage(letter(Buffer.from("{")));
    const redriven = {
      data,
      attributes,
      messageId: "m2",
      publishTimeMs: publishTimeMs + 9_000,
      orderingKey: "",
    };
    expect(firstPublish(redriven)).toMatchObject({ publishTimeMs, messageId: "m1" });
  });

  it("of the largest message that Pub/Sub takes fits a request, and says what was cut off", () => {
    const data = new Uint8Array(10_000_000).fill(1);
    const message = deadLetterMessage(letter(data));
    expect(messageBytes(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(message.data.byteLength).toBeGreaterThan(MAX_MESSAGE_BYTES - 2_000);
    expect(message.attributes["freshet_detail"]).toMatch(/^data is cut off, it had 10000000 bytes; no JSON/);
  });

  it("keeps within Pub/Sub's limits whatever the attributes are", () => {
    const attributes = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 256 }),
      fc.string({ maxLength: 300 }),
      {
        maxKeys: 100,
      },
    );
    fc.assert(
      fc.property(attributes, fc.integer({ min: 9_900_000, max: 10_000_000 }), (own, size) => {
        const message = deadLetterMessage(letter(new Uint8Array(size), own));
        expect(messageBytes(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
        expect(Object.keys(message.attributes).length).toBeLessThanOrEqual(100);
      }),
      { seed: 11, numRuns: 50 },
    );
  });
});

describe("lateMessage", () => {
  const late = { view: "purchases", reason: "late", key: "u", event: testEvent(publishTimeMs) } as const;

  it("is the event as JSON of its newest revision", () => {
    const { data, attributes } = lateMessage(late);
    expect(JSON.parse(Buffer.from(data).toString())).toEqual(late.event.value);
    expect(attributes).toMatchObject({
      event_id: late.event.eventId,
      googclient_schemaencoding: "JSON",
      freshet_reason: "late",
      freshet_view: "purchases",
    });
  });

  it("of a closed window has no payload, since only the event's id is known there", () => {
    const closed = { ...late, reason: "window_closed", event: { ...late.event, value: {} } } as const;
    expect(lateMessage(closed).data.byteLength).toBe(0);
    expect(lateMessage(closed).attributes["event_id"]).toBe(late.event.eventId);
  });
});

it("eventMessage gives equal bytes an equal id where none is given", () => {
  const data = Buffer.from('{"a":1}');
  expect(eventMessage(data).attributes["event_id"]).toBe(
    eventMessage(Buffer.from(data)).attributes["event_id"],
  );
  expect(eventMessage(data, { eventId: "e1", encoding: "BINARY" }).attributes).toEqual({
    event_id: "e1",
    googclient_schemaencoding: "BINARY",
  });
});
