import { createHash } from "node:crypto";
import { formatInstant } from "../core/instant.ts";
import type { DeadLetter, FeatureValue, LateEvent, StoredRow } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { CompleteThrough } from "./complete-through.ts";

/** A row for `tabledata.insertAll`: BigQuery drops a second row of one `insertId` within a minute or so. */
export interface InsertRow {
  readonly insertId: string;
  readonly json: Readonly<Record<string, FeatureValue>>;
}

/** Bytes of a dead letter's payload that its row keeps; the topic keeps the whole. */
export const DEAD_LETTER_DATA_BYTES = 1 << 20;

/**
 * A pane. Its `insertId` leaves `available_at` out, so that the same pane written again by a replayed bundle is
 * one row while BigQuery remembers; later it is one more row with equal values, which the view drops.
 */
export function featureInsert(plan: ViewPlan, row: StoredRow): InsertRow {
  const json: Record<string, FeatureValue> = {
    [plan.keyField]: row.key,
    window_end: formatInstant(row.windowEndMs),
  };
  plan.columns.forEach(({ name }, i) => (json[name] = jsonValue(row.values[i] ?? null)));
  json["seq"] = row.seq;
  json["timing"] = row.timing;
  json["max_event_time"] = formatInstant(row.maxEventTimeMs);
  json["max_publish_time"] = formatInstant(row.maxPublishTimeMs);
  json["empty_from"] = formatInstant(row.emptyFromMs);
  json["generation"] = row.generation;
  json["origin"] = row.origin;
  const insertId = digest([plan.name, plan.version, JSON.stringify(json)]);
  json["available_at"] = formatInstant(row.availableAtMs);
  return { insertId, json };
}

/** An event that joined no window of one view. */
export function lateInsert({ view, reason, key, event }: LateEvent, generation: number): InsertRow {
  return {
    insertId: digest([view, reason, event.eventId, event.messageId, event.deliveredTimeMs, generation]),
    json: {
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
    },
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
    insertId: digest([event, reason, message.messageId, message.publishTimeMs, generation]),
    json: {
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
    },
  };
}

/** A tick of a view's heartbeat. */
export function completeThroughInsert(
  { name, version }: Pick<ViewPlan, "name" | "version">,
  { completeThroughMs, availableAtMs }: CompleteThrough,
  generation: number,
): InsertRow {
  return {
    insertId: digest([name, version, completeThroughMs, generation]),
    json: {
      view: name,
      version,
      complete_through: formatInstant(completeThroughMs),
      available_at: formatInstant(availableAtMs),
      generation,
    },
  };
}

/** JSON has no infinities; BigQuery reads them as text. @see https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules */
function jsonValue(value: FeatureValue): FeatureValue {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** An `insertId` of any parts: keys may be longer than its 128 characters. */
export function digest(parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
