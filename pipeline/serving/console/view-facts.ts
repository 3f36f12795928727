import { formatInstant } from "../../core/instant.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import { instantOf, type OfflineStore, textOf } from "../../stores/archive.ts";
import { featureTableId } from "../../stores/bigquery-layout.ts";
import { type JsonRow, queryRows } from "../../stores/bigquery-query.ts";
import { storedRow } from "../../stores/offline-panes.ts";
import { identifier } from "../../stores/sql-text.ts";
import type { ViewRatesJson } from "./contract.ts";
import { distributionOf } from "./distribution.ts";
import type { ViewFacts } from "./views-api.ts";

/** Keys of a sample, and rows of it that are shown. */
const SAMPLE = 1_000;
const SHOWN = 20;
const BUCKETS = 30;
const LEAST_BUCKET_MS = 120_000;
const WEEK_MS = 7 * 86_400_000;

/** Reads a view's facts from BigQuery: of few days' partitions each, and a bounded number of rows. */
export function viewFacts(
  { client, dataset, generation, retry }: OfflineStore,
  plans: readonly ViewPlan[],
  now: () => number,
): ViewFacts {
  const run = (sql: string, params: Readonly<Record<string, unknown>>) =>
    queryRows(client, { sql, params: { ...params }, dataset }, retry);

  return {
    async sample(plan) {
      const nowMs = now();
      const fromMs = nowMs - plan.longestMs - plan.slideMs;
      const key = identifier(plan.keyField);
      const sql = `SELECT * FROM ${featureTableId(plan)}
WHERE generation = @generation AND window_end >= TIMESTAMP_MILLIS(@fromMs)
QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY window_end DESC, seq DESC, available_at DESC) = 1
ORDER BY available_at DESC LIMIT ${String(SAMPLE)}`;
      const rows = (await run(sql, { generation, fromMs })).map((row) => storedRow(plan, row));
      return {
        at: formatInstant(nowMs),
        from: formatInstant(fromMs),
        taken: rows.length,
        rows: rows.slice(0, SHOWN).map((row) => ({
          key: row.key,
          window_end: formatInstant(row.windowEndMs),
          timing: row.timing,
          seq: row.seq,
          available_at: formatInstant(row.availableAtMs),
          values: row.values,
        })),
        distributions: plan.columns.map(({ name, feature }, i) =>
          distributionOf(
            name,
            rows.map(({ values }) => values[i] ?? null),
            plan.features[feature]?.aggregation.empty ?? null,
          ),
        ),
      };
    },

    async rates(plan) {
      const bucketMs = Math.max(plan.slideMs, LEAST_BUCKET_MS);
      const fromMs = (Math.floor(now() / bucketMs) - BUCKETS + 1) * bucketMs;
      const counts = plan.columns.map(({ name, feature }, i) => {
        const isDefault = plan.features[feature]?.aggregation.empty == null ? "IS NULL" : "= 0";
        return `COUNTIF(${identifier(name)} ${isDefault}) AS c${String(i)}`;
      });
      // Grouped outside, by a name: the emulator repeats a quotient in a way that can't be grouped by.
      const sql = `SELECT bucket, COUNT(*) AS panes, ${counts.join(", ")}
FROM (
  SELECT *, CAST(FLOOR((UNIX_MILLIS(window_end) - @fromMs) / @bucketMs) AS INT64) AS bucket
  FROM ${featureTableId(plan)}
  WHERE generation = @generation AND window_end >= TIMESTAMP_MILLIS(@fromMs)
)
GROUP BY bucket`;
      const rows = await run(sql, { generation, fromMs, bucketMs });
      return { from: formatInstant(fromMs), bucket_ms: bucketMs, buckets: bucketsOf(plan, rows) };
    },

    async generations(plan) {
      const fromMs = now() - WEEK_MS;
      const versions = plans.filter(({ name }) => name === plan.name);
      const found = await Promise.all(
        versions.map(async (each) => {
          const sql = `SELECT generation, origin, COUNT(*) AS panes, MIN(window_end) AS first_end,
  MAX(window_end) AS last_end, MAX(available_at) AS last_at
FROM ${featureTableId(each)} WHERE window_end >= TIMESTAMP_MILLIS(@fromMs)
GROUP BY generation, origin ORDER BY generation DESC, origin LIMIT 50`;
          const rows = await run(sql, { fromMs });
          return rows.map((row) => ({
            version: each.version,
            generation: Number(row["generation"]),
            origin: textOf(row, "origin"),
            panes: Number(row["panes"]),
            first_window_end: formatInstant(instantOf(row, "first_end")),
            last_window_end: formatInstant(instantOf(row, "last_end")),
            last_available_at: formatInstant(instantOf(row, "last_at")),
          }));
        }),
      );
      return { from: formatInstant(fromMs), generations: found.flat() };
    },
  };
}

/** A bucket that no window ended in has no row. Windows of the future, early panes have them, count to the last. */
function bucketsOf({ columns }: ViewPlan, rows: readonly JsonRow[]): ViewRatesJson["buckets"] {
  const buckets = Array.from({ length: BUCKETS }, () => ({ panes: 0, defaults: columns.map(() => 0) }));
  for (const row of rows) {
    const bucket = buckets[Math.min(BUCKETS - 1, Number(row["bucket"]))];
    if (bucket === undefined) continue;
    bucket.panes += Number(row["panes"]);
    bucket.defaults.forEach((n, i) => (bucket.defaults[i] = n + Number(row[`c${String(i)}`])));
  }
  return buckets;
}
