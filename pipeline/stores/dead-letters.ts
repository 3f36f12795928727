import type { BigQuery } from "@google-cloud/bigquery";
import { formatInstant, parseInstant } from "../core/instant.ts";
import type { PubsubMessage } from "../core/model.ts";
import { firstPublish, firstPublishAttributes } from "../core/redrive.ts";
import { type JsonValue, queryRows } from "./bigquery-query.ts";
import { DEAD_LETTERS } from "./bigquery-tables.ts";
import type { OutgoingMessage } from "./pubsub-messages.ts";
import { DEAD_LETTER_REDRIVES } from "./redrive-rows.ts";
import type { Retry } from "./retry.ts";

/** Which dead letters are meant; what is left out restricts nothing. */
export interface DeadLetterFilter {
  readonly event?: string;
  readonly reason?: string;
  readonly messageId?: string;
  /** Any of these messages. */
  readonly messageIds?: readonly string[];
  /** Published at or after this instant, epoch ms. */
  readonly sinceMs?: number;
  /** Published at or before this instant, epoch ms. */
  readonly untilMs?: number;
  /** Only those that were published again, or only those that were not. */
  readonly redriven?: boolean;
  /** Only what comes after this letter in the order of the answer: the next page. */
  readonly after?: LetterId;
  readonly limit: number;
}

/** Names a dead letter: a row that was refused twice, or a message of two events, has several. */
export interface LetterId {
  readonly event: string;
  readonly reason: string;
  readonly messageId: string;
  readonly publishTimeMs: number;
}

/** A dead letter as its table has it. */
export interface StoredDeadLetter {
  readonly event: string;
  readonly reason: string;
  readonly detail: string;
  /** Its data may be the beginning only: see `isWhole`. */
  readonly message: PubsubMessage;
  readonly isWhole: boolean;
  /** Bytes of the message's data, all of them. */
  readonly dataBytes: number;
  /** When its message was last published again, epoch ms; null: never, as far as is recorded. */
  readonly redrivenMs: number | null;
}

/** Everything of a letter but its data, of which there may be a mebibyte. */
const BESIDES =
  "event, reason, detail, message_id, publish_time, ordering_key, attributes, data_size, truncated, redriven_at";

/** By message, whatever the reason: it is the message that is published again. */
const WITH_REDRIVES = `${DEAD_LETTERS} LEFT JOIN (
  SELECT event, message_id, MAX(redriven_at) AS redriven_at FROM ${DEAD_LETTER_REDRIVES} GROUP BY event, message_id
) USING (event, message_id)`;

/**
 * Reads dead letters, the newest first. A letter that a replayed bundle wrote twice comes once.
 * @param [dataBytes] bytes of each letter's data that are read, from its beginning; all that its row has when left out
 * @throws StoreUnavailableError, StoreRejectedError
 */
export async function readDeadLetters(
  client: BigQuery,
  dataset: string,
  filter: DeadLetterFilter,
  retry: Retry,
  dataBytes?: number,
): Promise<StoredDeadLetter[]> {
  const { after, limit, messageIds, redriven, ...rest } = filter;
  const given = Object.entries(rest) as (readonly [keyof typeof rest, unknown])[];
  const conditions = [
    "TRUE",
    ...given.map(([name]) => CONDITIONS[name]),
    ...(messageIds === undefined ? [] : ["message_id IN UNNEST(@messageIds)"]),
    ...(redriven === undefined ? [] : [`redriven_at IS ${redriven ? "NOT NULL" : "NULL"}`]),
    ...(after === undefined ? [] : [AFTER]),
  ];
  const data = dataBytes === undefined ? "data" : `SUBSTR(TO_HEX(data), 1, ${String(2 * dataBytes)}) AS hex`;
  const sql = [
    `SELECT ${BESIDES}, ${data} FROM ${WITH_REDRIVES} WHERE ${conditions.join(" AND ")}`,
    "QUALIFY ROW_NUMBER() OVER (PARTITION BY event, message_id, reason ORDER BY generation DESC) = 1",
    `ORDER BY publish_time DESC, message_id, reason, event LIMIT ${String(limit)}`,
  ].join("\n");
  const params = {
    ...Object.fromEntries(given),
    ...(messageIds !== undefined && { messageIds }),
    ...(after !== undefined && {
      ...{ afterEvent: after.event, afterReason: after.reason },
      ...{ afterId: after.messageId, afterMs: after.publishTimeMs },
    }),
  };
  const rows = await queryRows(client, { sql, params, dataset }, retry);
  return rows.map(storedLetter);
}

const CONDITIONS = {
  event: "event = @event",
  reason: "reason = @reason",
  messageId: "message_id = @messageId",
  sinceMs: "publish_time >= TIMESTAMP_MILLIS(@sinceMs)",
  untilMs: "publish_time <= TIMESTAMP_MILLIS(@untilMs)",
} as const;

const AFTER = `(publish_time < TIMESTAMP_MILLIS(@afterMs) OR publish_time = TIMESTAMP_MILLIS(@afterMs) AND (message_id > @afterId
  OR message_id = @afterId AND (reason > @afterReason OR reason = @afterReason AND event > @afterEvent)))`;

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

/** Why publishing it again can't help; `undefined`: it can. */
export function notRedrivable({ isWhole, reason }: StoredDeadLetter): string | undefined {
  if (reason === "row_rejected") return "it is a row that a store refused, and no message";
  return isWhole ? undefined : "its table has the beginning of its data only; its topic has the whole";
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
    dataBytes: Number(row["data_size"] ?? 0),
    redrivenMs: parseInstant(text("redriven_at")) ?? null,
    message: {
      data: "hex" in row ? Buffer.from(text("hex"), "hex") : Buffer.from(text("data"), "base64"),
      attributes: JSON.parse(text("attributes") || "{}") as Record<string, string>,
      messageId: text("message_id"),
      publishTimeMs: parseInstant(text("publish_time")) ?? 0,
      orderingKey: text("ordering_key"),
    },
  };
}

/** A dead letter as commands print it. */
export function deadLetterJson({ event, reason, detail, message, isWhole, redrivenMs }: StoredDeadLetter) {
  return {
    event,
    reason,
    detail,
    message_id: message.messageId,
    publish_time: formatInstant(message.publishTimeMs),
    attributes: message.attributes,
    data: Buffer.from(message.data).toString("base64"),
    truncated: !isWhole,
    redriven_at: redrivenMs === null ? null : formatInstant(redrivenMs),
  };
}
