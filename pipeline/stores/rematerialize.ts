import type { BigQuery } from "@google-cloud/bigquery";
import { parseInstant } from "../core/instant.ts";
import type { FeatureRow, FeatureValue, PaneTiming } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { BigtableStore } from "./bigtable-store.ts";
import { featureTableId } from "./bigquery-layout.ts";
import { queryRows } from "./bigquery-query.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { Retry } from "./retry.ts";

const BATCH = 1_000;

/**
 * Writes the online store anew from the offline one, for a Bigtable that has lost its rows: the last pane of each
 * window that may still answer. Nothing is missing of what was acknowledged: a row is in BigQuery before its bundle
 * commits, and a bundle that has not committed runs again. Idempotent, and safe beside the running pipeline.
 * @returns the number of rows
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function rematerialize(
  client: BigQuery,
  store: BigtableStore,
  plan: ViewPlan,
  { bigquery, generation }: StoreEndpoints,
  nowMs: number,
  retry: Retry,
): Promise<number> {
  const sinceMs = nowMs - plan.longestMs - plan.allowedLatenessMs - plan.slideMs;
  const sql = `SELECT * FROM ${featureTableId(plan)}
    WHERE generation = @generation AND window_end >= TIMESTAMP_MILLIS(@since)
    QUALIFY ROW_NUMBER() OVER (PARTITION BY ${plan.keyField}, window_end ORDER BY seq DESC, available_at DESC) = 1`;
  const params = { generation, since: sinceMs };
  const found = await queryRows(client, { sql, params, dataset: bigquery.dataset }, retry);
  const rows = found.map((row) => rowOf(plan, row));
  for (let start = 0; start < rows.length; start += BATCH) {
    await store.writeRows(plan, rows.slice(start, start + BATCH));
  }
  return rows.length;
}

/** A row of the feature table, as the pipeline had it. */
function rowOf(plan: ViewPlan, row: Readonly<Record<string, unknown>>): FeatureRow {
  const instant = (name: string) => parseInstant(row[name] as string) ?? NaN;
  return {
    view: plan.name,
    version: plan.version,
    key: row[plan.keyField] as string,
    windowEndMs: instant("window_end"),
    values: plan.columns.map(({ name }) => (row[name] ?? null) as FeatureValue),
    seq: Number(row["seq"]),
    maxEventTimeMs: instant("max_event_time"),
    maxPublishTimeMs: instant("max_publish_time"),
    emptyFromMs: instant("empty_from"),
    timing: row["timing"] as PaneTiming,
  };
}
