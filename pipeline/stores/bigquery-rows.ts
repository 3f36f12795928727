import { hash } from "node:crypto";
import type { CompleteThrough } from "../core/complete-through.ts";
import { formatInstant } from "../core/instant.ts";
import type { DeadLetter, FeatureValue, LateEvent, StoredRow } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";

/** A row for `tabledata.insertAll`: BigQuery drops a second row of one `insertId` within a minute or so. */
export interface InsertRow {
  readonly insertId: string;
  /** The row, a JSON object: written once, since it is hashed, measured and sent. */
  readonly json: string;
}

/** Bytes of a dead letter's payload that its row keeps; the topic keeps the whole. */
export const DEAD_LETTER_DATA_BYTES = 1 << 20;

/**
 * A pane. Its `insertId` leaves `available_at` out, so that the same pane written again by a replayed bundle is
 * one row while BigQuery remembers; later it is one more row with equal values, which the view drops.
 */
export function featureInsert(plan: ViewPlan, row: StoredRow): InsertRow {
  const pane: Record<string, FeatureValue> = {
    [plan.keyField]: row.key,
    window_end: formatInstant(row.windowEndMs),
  };
  plan.columns.forEach(({ name }, i) => (pane[name] = jsonValue(row.values[i] ?? null)));
  pane["seq"] = row.seq;
  pane["timing"] = row.timing;
  pane["max_event_time"] = formatInstant(row.maxEventTimeMs);
  pane["max_publish_time"] = formatInstant(row.maxPublishTimeMs);
  pane["empty_from"] = formatInstant(row.emptyFromMs);
  pane["generation"] = row.generation;
  pane["origin"] = row.origin;
  const json = JSON.stringify(pane);
  return {
    insertId: digest(`${plan.name}.v${plan.version} ${json}`),
    json: `${json.slice(0, -1)},"available_at":"${formatInstant(row.availableAtMs)}"}`,
  };
}

/** An event that joined no window of one view. */
export function lateInsert({ view, reason, key, event }: LateEvent, generation: number): InsertRow {
  return {
    insertId: digestOf([view, reason, event.eventId, event.messageId, event.deliveredTimeMs, generation]),
    json: JSON.stringify({
      view,
      reason,
      entity_key: key,
      event_id: event.eventId,
      message_id: event.messageId,
      publish_time: formatInstant(event.publishTimeMs),
      delivered_time: formatInstant(event.deliveredTimeMs),
      event_time: formatInstant(event.eventTimeMs),
      raw_event_time: formatInstant(event.rawEventTimeMs),
      event: JSON.stringify(event.value),
      generation,
    }),
  };
}

/**
 * A message that can't be used.
 * @param event the name of the event whose topic it came from
 */
export function deadLetterInsert(
  event: string,
  { reason, detail, message }: DeadLetter,
  generation: number,
): InsertRow {
  const data = message.data.subarray(0, DEAD_LETTER_DATA_BYTES);
  return {
    insertId: digestOf([event, reason, message.messageId, message.publishTimeMs, generation]),
    json: JSON.stringify({
      event,
      reason,
      detail,
      message_id: message.messageId,
      publish_time: formatInstant(message.publishTimeMs),
      ordering_key: message.orderingKey,
      attributes: JSON.stringify(message.attributes),
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
      data_size: message.data.byteLength,
      truncated: data.byteLength < message.data.byteLength,
      generation,
    }),
  };
}

/** A tick of a view's heartbeat. */
export function completeThroughInsert(
  { name, version }: Pick<ViewPlan, "name" | "version">,
  { completeThroughMs, availableAtMs }: CompleteThrough,
  generation: number,
): InsertRow {
  return {
    insertId: digestOf([name, version, completeThroughMs, generation]),
    json: JSON.stringify({
      view: name,
      version,
      complete_through: formatInstant(completeThroughMs),
      available_at: formatInstant(availableAtMs),
      generation,
    }),
  };
}

/** JSON has no infinities; BigQuery reads them as text. @see https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules */
function jsonValue(value: FeatureValue): FeatureValue {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** An `insertId` of any parts: keys may be longer than its 128 characters. */
export function digestOf(parts: readonly (string | number)[]): string {
  return digest(JSON.stringify(parts));
}

function digest(text: string): string {
  return hash("sha256", text, "base64url");
}
