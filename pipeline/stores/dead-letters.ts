import type { BigQuery } from "@google-cloud/bigquery";
import { formatInstant, parseInstant } from "../core/instant.ts";
import type { PubsubMessage } from "../core/model.ts";
import { firstPublish, firstPublishAttributes } from "../core/redrive.ts";
import { type JsonValue, queryRows } from "./bigquery-query.ts";
import { DEAD_LETTERS } from "./bigquery-tables.ts";
import type { OutgoingMessage } from "./pubsub-messages.ts";
import type { Retry } from "./retry.ts";

/** Which dead letters are meant; what is left out restricts nothing. */
export interface DeadLetterFilter {
  readonly event?: string;
  readonly reason?: string;
  readonly messageId?: string;
  /** Published at or after this instant, epoch ms. */
  readonly sinceMs?: number;
  readonly limit: number;
}

/** A dead letter as its table has it. */
export interface StoredDeadLetter {
  readonly event: string;
  readonly reason: string;
  readonly detail: string;
  /** Its data may be the beginning only: see `isWhole`. */
  readonly message: PubsubMessage;
  readonly isWhole: boolean;
}

/**
 * Reads dead letters, the newest first. A letter that a replayed bundle wrote twice comes once.
 * @throws StoreUnavailableError, StoreRejectedError
 */
export async function readDeadLetters(
  client: BigQuery,
  dataset: string,
  filter: DeadLetterFilter,
  retry: Retry,
): Promise<StoredDeadLetter[]> {
  const { event, reason, messageId, sinceMs, limit } = filter;
  const conditions = [
    "TRUE",
    ...(event === undefined ? [] : ["event = @event"]),
    ...(reason === undefined ? [] : ["reason = @reason"]),
    ...(messageId === undefined ? [] : ["message_id = @messageId"]),
    ...(sinceMs === undefined ? [] : ["publish_time >= TIMESTAMP_MILLIS(@sinceMs)"]),
  ];
  const sql = [
    `SELECT * FROM ${DEAD_LETTERS} WHERE ${conditions.join(" AND ")}`,
    "QUALIFY ROW_NUMBER() OVER (PARTITION BY event, message_id, reason ORDER BY generation DESC) = 1",
    `ORDER BY publish_time DESC, message_id LIMIT ${String(limit)}`,
  ].join("\n");
  const params = Object.fromEntries(
    Object.entries({ event, reason, messageId, sinceMs }).filter(([, value]) => value !== undefined),
  );
  const rows = await queryRows(client, { sql, params, dataset }, retry);
  return rows.map(storedLetter);
}

/**
 * The message to publish again: as it came, with the attributes that keep its first publish time, by which lateness
 * goes. A message that was redriven before keeps its very first.
 */
export function redriven({ message }: StoredDeadLetter): OutgoingMessage {
  const first = firstPublish(message);
  return {
    data: message.data,
    attributes: {
      ...message.attributes,
      ...firstPublishAttributes(typeof first === "string" ? message : first),
    },
    ...(message.orderingKey !== "" && { orderingKey: message.orderingKey }),
  };
}

/** Whether publishing it again can help: rows of a store never were messages, and half a message is none. */
export function canBeRedriven(letter: StoredDeadLetter): boolean {
  return letter.isWhole && letter.reason !== "row_rejected";
}

function storedLetter(row: Readonly<Record<string, JsonValue>>): StoredDeadLetter {
  const text = (name: string) => {
    const value = row[name];
    return typeof value === "string" ? value : "";
  };
  return {
    event: text("event"),
    reason: text("reason"),
    detail: text("detail"),
    isWhole: row["truncated"] === false,
    message: {
      data: Buffer.from(text("data"), "base64"),
      attributes: JSON.parse(text("attributes") || "{}") as Record<string, string>,
      messageId: text("message_id"),
      publishTimeMs: parseInstant(text("publish_time")) ?? 0,
      orderingKey: text("ordering_key"),
    },
  };
}

/** A dead letter as commands print it. */
export function deadLetterJson({ event, reason, detail, message, isWhole }: StoredDeadLetter) {
  return {
    event,
    reason,
    detail,
    message_id: message.messageId,
    publish_time: formatInstant(message.publishTimeMs),
    attributes: message.attributes,
    data: Buffer.from(message.data).toString("base64"),
    truncated: !isWhole,
  };
}
