import type { BigQuery } from "@google-cloud/bigquery";
import { parseInstant } from "../core/instant.ts";
import type { PubsubMessage } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { type JsonRow, queryPages, queryRows } from "./bigquery-query.ts";
import { DEAD_LETTERS, LATE_EVENTS, rawTableId } from "./bigquery-tables.ts";
import type { Retry } from "./retry.ts";

/** A span of publish times, ms: from `fromMs`, before `beforeMs`. */
export interface PublishSpan {
  readonly fromMs: number;
  readonly beforeMs: number;
}

/** The data set of one generation. */
export interface OfflineStore {
  readonly client: BigQuery;
  readonly dataset: string;
  readonly generation: number;
  readonly retry: Retry;
}

const IN_SPAN = "publish_time >= TIMESTAMP_MILLIS(@fromMs) AND publish_time < TIMESTAMP_MILLIS(@beforeMs)";

/** In hex, since not every endpoint finds bytes in bytes; what it finds beside (`a5 c3` holds `5c`) does no harm. */
const MAY_HOLD = "(STRPOS(TO_HEX(data), @hex) > 0 OR STRPOS(TO_HEX(data), '5c') > 0)";

/**
 * The messages of an event's raw archive, page by page and in no order; the archive may hold a message twice.
 * @param [text] only messages that may hold this text: those with its bytes, and those with a backslash, by which JSON
 * may write it otherwise. Others may come too.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function* readArchive(
  { client, dataset, retry }: OfflineStore,
  event: string,
  span: PublishSpan,
  text?: string,
): AsyncGenerator<PubsubMessage[], void> {
  const conditions = [IN_SPAN, ...(text === undefined ? [] : [MAY_HOLD])].join(" AND ");
  const sql = `SELECT message_id, publish_time, data, attributes FROM ${rawTableId(event)} WHERE ${conditions}`;
  const params = { ...span, ...(text !== undefined && { hex: Buffer.from(text).toString("hex") }) };
  for await (const rows of queryPages(client, { sql, params, dataset }, retry))
    yield rows.map(archivedMessage);
}

/** Whether the raw archive has no message of a span. @throws StoreUnavailableError, StoreConfigError */
export async function isArchiveEmpty(
  { client, dataset, retry }: OfflineStore,
  event: string,
  span: PublishSpan,
): Promise<boolean> {
  const sql = `SELECT message_id FROM ${rawTableId(event)} WHERE ${IN_SPAN} LIMIT 1`;
  return (await queryRows(client, { sql, params: { ...span }, dataset }, retry)).length === 0;
}

/**
 * How many rows the raw archive of an event holds of a span; a message that it holds twice counts twice.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function countArchive(
  { client, dataset, retry }: OfflineStore,
  event: string,
  span: PublishSpan,
): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM ${rawTableId(event)} WHERE ${IN_SPAN}`;
  const [row] = await queryRows(client, { sql, params: { ...span }, dataset }, retry);
  return Number(row?.["n"] ?? 0);
}

/** What the pipeline said of deliveries, which no archive can tell. */
export interface Verdicts {
  /** Pub/Sub ids of deliveries that ended as dead letters. */
  readonly deadLetters: ReadonlySet<string>;
  /** Deliveries that came after the view's windows were collected, named by `name`. */
  readonly closed: ReadonlySet<string>;
}

/**
 * Dead letters of an event, and events that came to a view after its windows were collected.
 * @param name what a delivery is called in `closed`
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readVerdicts(
  { client, dataset, generation, retry }: OfflineStore,
  plan: ViewPlan,
  span: PublishSpan,
  name: (delivery: { readonly messageId: string; readonly deliveredTimeMs: number }) => string,
): Promise<Verdicts> {
  const run = (sql: string, params: Readonly<Record<string, unknown>>) =>
    queryRows(client, { sql, params: { ...span, generation, ...params }, dataset }, retry);
  const [letters, closed] = await Promise.all([
    run(
      `SELECT DISTINCT message_id FROM ${DEAD_LETTERS}
WHERE event = @event AND reason <> 'row_rejected' AND generation = @generation AND ${IN_SPAN}`,
      { event: plan.source },
    ),
    run(
      `SELECT DISTINCT message_id, delivered_time FROM ${LATE_EVENTS}
WHERE view = @view AND reason = 'window_closed' AND generation = @generation AND ${IN_SPAN}`,
      { view: plan.name },
    ),
  ]);
  return {
    deadLetters: new Set(letters.map((row) => textOf(row, "message_id"))),
    closed: new Set(
      closed.map((row) =>
        name({ messageId: textOf(row, "message_id"), deliveredTimeMs: instantOf(row, "delivered_time") }),
      ),
    ),
  };
}

function archivedMessage(row: JsonRow): PubsubMessage {
  return {
    data: Buffer.from(textOf(row, "data"), "base64"),
    attributes: JSON.parse(textOf(row, "attributes") || "{}") as Record<string, string>,
    messageId: textOf(row, "message_id"),
    publishTimeMs: instantOf(row, "publish_time"),
    orderingKey: "", // a BigQuery subscription doesn't write it
  };
}

/** A column of text; empty where it is null. */
export function textOf(row: JsonRow, name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : "";
}

/** A column of time in epoch ms; 0 where it is null. */
export function instantOf(row: JsonRow, name: string): number {
  return parseInstant(textOf(row, name)) ?? 0;
}
