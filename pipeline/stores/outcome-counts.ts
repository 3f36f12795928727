import { instantOf, type OfflineStore, textOf } from "./archive.ts";
import { queryRows } from "./bigquery-query.ts";
import { DEAD_LETTERS, LATE_EVENTS } from "./bigquery-tables.ts";

/** What did not join a window, or was no event at all: how many of a source and a reason, in equal spans of time. */
export interface OutcomeCount {
  /** Of dead letters the event, of late events the view. */
  readonly source: string;
  readonly reason: string;
  /** Messages by the span that they were first published in: number of the span since 1970, and how many. */
  readonly spans: ReadonlyMap<number, number>;
  /** The newest publish time, epoch ms. */
  readonly newestMs: number;
}

const TABLES = {
  dead_letters: { table: DEAD_LETTERS, source: "event" },
  late_events: { table: LATE_EVENTS, source: "view" },
} as const;

/**
 * Counts messages of one of the two tables by source, reason and time, each message once.
 * @param spanMs length of a span
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function countOutcomes(
  { client, dataset, retry }: Omit<OfflineStore, "generation">,
  what: keyof typeof TABLES,
  sinceMs: number,
  spanMs: number,
): Promise<OutcomeCount[]> {
  const { table, source } = TABLES[what];
  const sql = [
    `SELECT ${source} AS source, reason, DIV(UNIX_MILLIS(publish_time), @spanMs) AS span,`,
    "COUNT(DISTINCT message_id) AS n, MAX(publish_time) AS newest",
    `FROM ${table} WHERE publish_time >= TIMESTAMP_MILLIS(@sinceMs) GROUP BY source, reason, span`,
  ].join("\n");
  const rows = await queryRows(client, { sql, params: { sinceMs, spanMs }, dataset }, retry);
  const groups = Map.groupBy(rows, (row) => JSON.stringify([textOf(row, "source"), textOf(row, "reason")]));
  return [...groups.values()].map((ofGroup) => ({
    source: textOf(ofGroup[0] ?? {}, "source"),
    reason: textOf(ofGroup[0] ?? {}, "reason"),
    spans: new Map(ofGroup.map((row) => [Number(row["span"]), Number(row["n"])])),
    newestMs: Math.max(...ofGroup.map((row) => instantOf(row, "newest"))),
  }));
}
