import { FreshetError } from "./errors.ts";
import { parseInstant } from "./instant.ts";
import type { PubsubMessage } from "./model.ts";

/** Thrown when a line of a recording is no message. */
export class RecordingError extends FreshetError {
  constructor(line: number, why: string) {
    super("recording_line", `line ${line} of the recording ${why}`, { line });
  }
}

/**
 * One line of a recording: NDJSON with `message_id`, `publish_time` (RFC 3339), `attributes` (optional) and
 * either `json` (the payload as a JSON value) or `data_base64` (its bytes). What the payload holds is for decode
 * to judge; only the envelope is checked here.
 * @param line 1-based, for the message
 * @throws RecordingError
 */
export function parseRecordingLine(text: string, line: number): PubsubMessage {
  const record = parseObject(text, line);
  const {
    message_id: messageId,
    publish_time: publishTime,
    attributes = {},
    ordering_key: orderingKey = "",
  } = record;
  if (typeof messageId !== "string" || messageId === "") throw new RecordingError(line, "needs a message_id");
  const publishTimeMs = typeof publishTime === "string" ? parseInstant(publishTime) : undefined;
  if (publishTimeMs === undefined) {
    throw new RecordingError(line, `needs a publish_time in RFC 3339, not ${JSON.stringify(publishTime)}`);
  }
  if (!isStringMap(attributes)) throw new RecordingError(line, "has attributes that are not strings");
  if (typeof orderingKey !== "string")
    throw new RecordingError(line, "has an ordering_key that is no string");
  return { data: payload(record, line), attributes, messageId, publishTimeMs, orderingKey };
}

function payload(record: Record<string, unknown>, line: number): Uint8Array {
  const { json, data_base64: base64 } = record;
  if ((json === undefined) === (base64 === undefined)) {
    throw new RecordingError(line, "needs exactly one of json and data_base64");
  }
  if (json !== undefined) return Buffer.from(JSON.stringify(json));
  if (typeof base64 !== "string") throw new RecordingError(line, "has a data_base64 that is no string");
  return Buffer.from(base64, "base64");
}

function parseObject(text: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RecordingError(line, "is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RecordingError(line, "is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function isStringMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((v) => typeof v === "string")
  );
}
