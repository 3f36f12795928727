import { instantOf, type OfflineStore, textOf } from "./archive.ts";
import { queryRows } from "./bigquery-query.ts";
import { LATE_EVENTS } from "./bigquery-tables.ts";

/** Names a late event of one view among all: a page ends with one. */
export interface LateId {
  readonly view: string;
  readonly messageId: string;
  readonly deliveredTimeMs: number;
}

/** Which late events are meant. */
export interface LateFilter {
  readonly view?: string;
  readonly reason?: string;
  /** First published at or after this instant, epoch ms. */
  readonly sinceMs: number;
  /** Only what comes after this one in the order of the answer. */
  readonly after?: LateId;
  readonly limit: number;
}

/** A late event as its table has it. Times are epoch ms. */
export interface StoredLateEvent extends LateId {
  readonly reason: string;
  readonly key: string;
  readonly eventId: string;
  readonly publishTimeMs: number;
  readonly eventTimeMs: number;
  readonly rawEventTimeMs: number;
  /** JSON of the schema's newest revision; `{}` where only the attributes are known. */
  readonly event: string;
}

/**
 * Reads late events, the last delivered first. One that a replayed bundle or a later generation wrote again comes once.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readLateEvents(
  { client, dataset, retry }: Omit<OfflineStore, "generation">,
  { view, reason, sinceMs, after, limit }: LateFilter,
): Promise<StoredLateEvent[]> {
  const conditions = [
    "publish_time >= TIMESTAMP_MILLIS(@sinceMs)",
    ...(view === undefined ? [] : ["view = @view"]),
    ...(reason === undefined ? [] : ["reason = @reason"]),
    ...(after === undefined ? [] : [AFTER]),
  ];
  const sql = [
    `SELECT * FROM ${LATE_EVENTS} WHERE ${conditions.join(" AND ")}`,
    "QUALIFY ROW_NUMBER() OVER (PARTITION BY view, message_id, delivered_time ORDER BY generation DESC) = 1",
    `ORDER BY delivered_time DESC, message_id, view LIMIT ${String(limit)}`,
  ].join("\n");
  const params = {
    sinceMs,
    ...(view !== undefined && { view }),
    ...(reason !== undefined && { reason }),
    ...(after !== undefined && {
      ...{ afterMs: after.deliveredTimeMs, afterId: after.messageId, afterView: after.view },
    }),
  };
  const rows = await queryRows(client, { sql, params, dataset }, retry);
  return rows.map((row) => ({
    view: textOf(row, "view"),
    reason: textOf(row, "reason"),
    key: textOf(row, "entity_key"),
    eventId: textOf(row, "event_id"),
    messageId: textOf(row, "message_id"),
    publishTimeMs: instantOf(row, "publish_time"),
    deliveredTimeMs: instantOf(row, "delivered_time"),
    eventTimeMs: instantOf(row, "event_time"),
    rawEventTimeMs: instantOf(row, "raw_event_time"),
    event: textOf(row, "event"),
  }));
}

const AFTER = `(delivered_time < TIMESTAMP_MILLIS(@afterMs) OR delivered_time = TIMESTAMP_MILLIS(@afterMs)
  AND (message_id > @afterId OR message_id = @afterId AND view > @afterView))`;
