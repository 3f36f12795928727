import type { ViewPlan } from "../core/view-plan.ts";
import type { OfflineStore } from "./archive.ts";
import { featureTableId } from "./bigquery-layout.ts";
import { queryRows } from "./bigquery-query.ts";

/** As many panes as tell a p99. */
const PANES = 2_000;

/**
 * How long the newest early panes of a view took, from the newest publish behind each to its being readable online, ms,
 * ascending: of windows that ended from `fromMs` on, and of streamed rows only.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function rowFreshness(
  { client, dataset, generation, retry }: OfflineStore,
  plan: ViewPlan,
  fromMs: number,
): Promise<number[]> {
  const sql = `SELECT TIMESTAMP_DIFF(available_at, max_publish_time, MILLISECOND) AS ms FROM ${featureTableId(plan)}
WHERE generation = @generation AND origin = 'stream' AND timing = 'EARLY'
  AND window_end >= TIMESTAMP_MILLIS(@fromMs)
ORDER BY available_at DESC LIMIT ${String(PANES)}`;
  const rows = await queryRows(client, { sql, params: { generation, fromMs }, dataset }, retry);
  return rows.map((row) => Number(row["ms"])).sort((a, b) => a - b);
}
