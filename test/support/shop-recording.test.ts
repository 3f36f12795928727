import { describe, expect, test } from "vitest";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import { parseRecordingLine } from "../../pipeline/core/recording.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { readRetailLines } from "./retail-lines.ts";
import { shopRecording } from "./shop-recording.ts";

const LINES = 5_217;
const { messages, facts } = shopRecording(1);
const decode = createDecoder(shopEvents.plan);
const parsed = messages.map((message, i) => parseRecordingLine(JSON.stringify(message), i + 1));
const decoded = parsed.map(decode);
const events = decoded.filter((result): result is DecodedEvent => !isDeadLetter(result));
const deadLetters = decoded.filter(isDeadLetter);

describe("the shop's lines", () => {
  test("are all there, with quoted commas and quotes read", () => {
    const lines = readRetailLines();
    expect(lines).toHaveLength(LINES);
    expect(lines[0]).toEqual({
      invoice: "536365",
      stockCode: "85123A",
      quantity: 6,
      invoiceDateMs: Date.UTC(2010, 11, 1, 8, 26),
      unitPrice: 2.55,
      customerId: "17850",
      country: "United Kingdom",
    });
    // Their descriptions hold a comma and doubled quotes.
    expect(lines.find((line) => line.invoice === "536381" && line.stockCode === "82567")?.quantity).toBe(2);
    expect(lines.find((line) => line.invoice === "536477" && line.stockCode === "22041")?.quantity).toBe(48);
    expect(lines.every((line) => Number.isFinite(line.quantity + line.unitPrice + line.invoiceDateMs))).toBe(
      true,
    );
  });
});

describe("the recording", () => {
  test("is the same for the same seed, another for another", () => {
    expect(shopRecording(1)).toEqual({ messages, facts });
    expect(shopRecording(2).messages).not.toEqual(messages);
  });

  test("holds each line once, beside copies and broken messages, in the order of publishing", () => {
    const broken = Object.values(facts.dead_letters).reduce((sum, n) => sum + n);
    expect(facts.messages).toBe(messages.length);
    expect(messages).toHaveLength(LINES + facts.duplicates + broken);
    expect(new Set(events.map((event) => event.eventId)).size).toBe(LINES);
    const published = parsed.map((message) => message.publishTimeMs);
    expect(published).toEqual(published.toSorted((a, b) => a - b));
    const ids = parsed.map((message) => message.messageId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(ids.toSorted());
  });

  test("is what its facts say, judged by decoding it", () => {
    const reasons: Record<string, number> = {};
    for (const { reason } of deadLetters) reasons[reason] = (reasons[reason] ?? 0) + 1;
    expect(reasons).toEqual(facts.dead_letters);
    expect(events.length - new Set(events.map((event) => event.eventId)).size).toBe(facts.duplicates);
    expect(events.filter((event) => event.clamped)).toHaveLength(facts.clamped);
    expect(events.filter((event) => event.publishTimeMs - event.eventTimeMs > 300_000)).toHaveLength(
      facts.late,
    );
    const binary = messages.filter((message) => message.attributes["googclient_schemaencoding"] === "BINARY");
    const binaryEvents = binary.filter((message) => !message.attributes["event_id"]?.endsWith("-broken"));
    expect(binaryEvents).toHaveLength(facts.binary);
  });

  test("has enough of everything to be a test", () => {
    expect(Object.keys(facts.dead_letters).toSorted()).toEqual([
      "empty_key",
      "event_time_absurd",
      "event_time_in_future",
      "invalid_utf8",
      "malformed",
      "schema_mismatch",
      "unknown_encoding",
    ]);
    expect(facts.duplicates).toBeGreaterThan(40);
    expect(facts.clamped).toBeGreaterThan(10);
    expect(facts.late).toBeGreaterThan(60);
    expect(facts.binary).toBeGreaterThan(400);
    const types = Object.groupBy(events, (event) => event.value["event_type"] as string);
    expect(types["refund"]?.length).toBeGreaterThan(60);
    expect(
      events.filter((event) => String(event.value["user_id"]).startsWith("guest-")).length,
    ).toBeGreaterThan(1_000);
  });

  test("has events exactly on the edge of lateness and beyond it by a millisecond, and copies that are late alone", () => {
    const delays = events.map((event) => event.publishTimeMs - event.eventTimeMs);
    expect(delays.filter((delay) => delay === 300_000).length).toBeGreaterThanOrEqual(10);
    expect(delays.filter((delay) => delay === 300_001).length).toBeGreaterThanOrEqual(10);
    const first = new Map<string, number>();
    const lateAlone = events.filter((event, i) => {
      const earlier = first.get(event.eventId);
      first.set(event.eventId, earlier ?? (delays[i] as number));
      return earlier !== undefined && earlier <= 300_000 && (delays[i] as number) > 300_000;
    });
    expect(lateAlone.length).toBeGreaterThan(3);
  });

  test("is out of order by event time", () => {
    const times = events.map((event) => event.eventTimeMs);
    const backwards = times.filter((time, i) => i > 0 && time < (times[i - 1] as number));
    expect(backwards.length).toBeGreaterThan(1_000);
  });
});
