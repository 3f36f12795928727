import type { CompleteThrough } from "../core/complete-through.ts";
import type { FeatureValue, PaneTiming, StoredRow } from "../core/model.ts";
import type { ColumnPlan, ViewPlan } from "../core/view-plan.ts";
import { instantOf, type OfflineStore, textOf } from "./archive.ts";
import { featureTableId } from "./bigquery-layout.ts";
import { type JsonRow, type JsonValue, queryPages, queryRows } from "./bigquery-query.ts";
import { COMPLETE_THROUGH } from "./bigquery-tables.ts";
import { identifier } from "./sql-text.ts";

/** Which windows of which keys: ends from `fromMs` to `toMs`, both inclusive, ms. */
export interface PaneSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

const IN_WINDOWS = "window_end BETWEEN TIMESTAMP_MILLIS(@fromMs) AND TIMESTAMP_MILLIS(@toMs)";

/**
 * Panes of some keys as BigQuery has them.
 * @param only `last`: of each window the one that view `<name>` shows; `all`: every one
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readOfflinePanes(
  { client, dataset, generation, retry }: OfflineStore,
  plan: ViewPlan,
  keys: readonly string[],
  span: PaneSpan,
  only: "last" | "all",
): Promise<StoredRow[]> {
  if (keys.length === 0) return [];
  const key = identifier(plan.keyField);
  const sql = [
    `SELECT * FROM ${featureTableId(plan)}`,
    `WHERE generation = @generation AND ${IN_WINDOWS} AND ${key} IN UNNEST(@keys)`,
    ...(only === "last"
      ? [
          `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key}, window_end ORDER BY seq DESC, available_at DESC) = 1`,
        ]
      : []),
  ].join("\n");
  const rows: StoredRow[] = [];
  const params = { ...span, keys, generation };
  for await (const page of queryPages(client, { sql, params, dataset }, retry)) {
    for (const row of page) rows.push(storedRow(plan, row));
  }
  return rows;
}

/** Every key that has a pane in BigQuery, page by page. @throws StoreUnavailableError, StoreConfigError */
export async function* readOfflineKeys(
  { client, dataset, generation, retry }: OfflineStore,
  plan: ViewPlan,
  span: PaneSpan,
): AsyncGenerator<string[], void> {
  const key = identifier(plan.keyField);
  const sql = `SELECT DISTINCT ${key} AS key_ FROM ${featureTableId(plan)} WHERE generation = @generation AND ${IN_WINDOWS}`;
  const query = { sql, params: { ...span, generation }, dataset };
  for await (const page of queryPages(client, query, retry)) yield page.map((row) => textOf(row, "key_"));
}

/** A key with its newest row. */
export interface RecentKey {
  readonly key: string;
  readonly availableAtMs: number;
  /** Events of its fullest window. */
  readonly seq: number;
}

/** The keys whose rows came last, of windows that end after `sinceMs`. @throws StoreUnavailableError, StoreConfigError */
export async function readRecentKeys(
  { client, dataset, generation, retry }: OfflineStore,
  plan: ViewPlan,
  sinceMs: number,
  limit: number,
): Promise<RecentKey[]> {
  const sql = [
    `SELECT ${identifier(plan.keyField)} AS key_, MAX(available_at) AS newest, MAX(seq) AS most`,
    `FROM ${featureTableId(plan)} WHERE generation = @generation AND window_end > TIMESTAMP_MILLIS(@sinceMs)`,
    `GROUP BY key_ ORDER BY newest DESC, key_ LIMIT ${String(limit)}`,
  ].join("\n");
  const rows = await queryRows(client, { sql, params: { generation, sinceMs }, dataset }, retry);
  return rows.map((row) => ({
    key: textOf(row, "key_"),
    availableAtMs: instantOf(row, "newest"),
    seq: Number(row["most"]),
  }));
}

/**
 * The greatest `complete_through` of a view that was readable at `tMs`; `undefined` before the first.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function completeThroughAt(
  { client, dataset, generation, retry }: OfflineStore,
  { name, version }: ViewPlan,
  tMs: number,
): Promise<number | undefined> {
  const sql = `SELECT MAX(complete_through) AS mark FROM ${COMPLETE_THROUGH}
WHERE view = @name AND version = @version AND generation = @generation AND available_at <= TIMESTAMP_MILLIS(@tMs)`;
  const params = { name, version, generation, tMs };
  const [row] = await queryRows(client, { sql, params, dataset }, retry);
  return row?.["mark"] == null ? undefined : instantOf(row, "mark");
}

/**
 * The heartbeats of a view that became readable in a span, and the greatest before it, in any order.
 * @param span instants, both inclusive, epoch ms
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readMarks(
  offline: OfflineStore,
  plan: ViewPlan,
  { fromMs, toMs }: PaneSpan,
): Promise<CompleteThrough[]> {
  const { client, dataset, generation, retry } = offline;
  const sql = `SELECT complete_through, available_at FROM ${COMPLETE_THROUGH}
WHERE view = @name AND version = @version AND generation = @generation
AND available_at BETWEEN TIMESTAMP_MILLIS(@fromMs) AND TIMESTAMP_MILLIS(@toMs)`;
  const params = { name: plan.name, version: plan.version, generation, fromMs, toMs };
  const before = await completeThroughAt(offline, plan, fromMs - 1);
  const marks = before === undefined ? [] : [{ completeThroughMs: before, availableAtMs: fromMs - 1 }];
  for await (const page of queryPages(client, { sql, params, dataset }, retry)) {
    for (const row of page) {
      marks.push({
        completeThroughMs: instantOf(row, "complete_through"),
        availableAtMs: instantOf(row, "available_at"),
      });
    }
  }
  return marks;
}

/** A pane from a row of the view's table. */
export function storedRow(plan: ViewPlan, row: JsonRow): StoredRow {
  return {
    view: plan.name,
    version: plan.version,
    key: textOf(row, plan.keyField),
    windowEndMs: instantOf(row, "window_end"),
    values: plan.columns.map((column) => valueOf(column, row[column.name] ?? null)),
    seq: Number(row["seq"]),
    maxEventTimeMs: instantOf(row, "max_event_time"),
    maxPublishTimeMs: instantOf(row, "max_publish_time"),
    emptyFromMs: instantOf(row, "empty_from"),
    timing: textOf(row, "timing") as PaneTiming,
    availableAtMs: instantOf(row, "available_at"),
    generation: Number(row["generation"]),
    origin: row["origin"] === "backfill" ? "backfill" : "stream",
  };
}

/** What JSON can't write as a number comes as text: infinities, NaN. */
function valueOf({ type }: ColumnPlan, value: JsonValue): FeatureValue {
  const isNumber = type === "INT64" || type === "FLOAT64";
  return isNumber && typeof value === "string" ? Number(value) : (value as FeatureValue);
}
