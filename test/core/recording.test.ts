import { describe, expect, it } from "vitest";
import { parseRecordingLine, RecordingError } from "../../pipeline/core/recording.ts";

const line = (record: object) =>
  JSON.stringify({ message_id: "m1", publish_time: "2026-01-01T12:00:00.250Z", ...record });

describe("parseRecordingLine", () => {
  it("reads a message whose payload is JSON", () => {
    const message = parseRecordingLine(line({ attributes: { event_id: "e1" }, json: { a: 1 } }), 1);
    expect(message).toMatchObject({ messageId: "m1", attributes: { event_id: "e1" }, orderingKey: "" });
    expect(message.publishTimeMs).toBe(Date.UTC(2026, 0, 1, 12, 0, 0, 250));
    expect(Buffer.from(message.data).toString()).toBe('{"a":1}');
  });

  it("reads a message whose payload is bytes", () => {
    const { data } = parseRecordingLine(line({ data_base64: "AP8=" }), 1);
    expect([...data]).toEqual([0, 255]);
  });

  it.each([
    ["is not JSON", "{"],
    ["is not a JSON object", "[]"],
    ["needs a message_id", line({ message_id: "", json: 1 })],
    ["needs a publish_time in RFC 3339", line({ publish_time: "2026-01-01 noon", json: 1 })],
    ["needs a publish_time in RFC 3339", line({ publish_time: "2026-01-01T12:00:00", json: 1 })],
    ["has attributes that are not strings", line({ attributes: { n: 1 }, json: 1 })],
    ["needs exactly one of json and data_base64", line({})],
    ["needs exactly one of json and data_base64", line({ json: 1, data_base64: "AA==" })],
    ["has a data_base64 that is no string", line({ data_base64: 1 })],
    ["has an ordering_key that is no string", line({ ordering_key: 1, json: 1 })],
  ])("refuses a line that %s", (why, text) => {
    const parse = () => parseRecordingLine(text, 7);
    expect(parse).toThrow(RecordingError);
    expect(parse).toThrow(`line 7 of the recording ${why}`);
  });
});
