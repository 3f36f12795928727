/** What the training query answers, beside what the server does: the same rows and marks, offline. */
import type { Answer } from "../../pipeline/core/answer.ts";
import type { CompleteThrough } from "../../pipeline/core/complete-through.ts";
import { parseInstant } from "../../pipeline/core/instant.ts";
import type { FeatureValue, StoredRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { closedSql, inReachSql, NEWEST_PANE } from "../../pipeline/stores/as-of-sql.ts";
import { bigqueryLayout, featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { type JsonRow, queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { completeThroughInsert, featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { COMPLETE_THROUGH } from "../../pipeline/stores/bigquery-tables.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { bigqueryClient } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { trainingQuery } from "../../pipeline/stores/training-query.ts";
import { instantRetry } from "./stores.ts";

/** What stood in the stores of a view. */
export interface OfflineCase {
  readonly plan: ViewPlan;
  readonly rows: readonly StoredRow[];
  readonly marks: readonly CompleteThrough[];
}

/** A key and an instant. */
export interface Question {
  readonly key: string;
  readonly tMs: number;
}

/** Writes it all to BigQuery. */
export async function loadOffline(stores: StoreEndpoints, cases: readonly OfflineCase[]): Promise<void> {
  const { project, generation, bigquery } = stores;
  const { dataset } = bigquery;
  const client = bigqueryClient(stores);
  const plans = cases.map(({ plan }) => plan);
  await provisionBigquery(
    client,
    dataset,
    bigqueryLayout(plans, { project, dataset }, generation),
    instantRetry(),
  );
  for (const { plan, rows, marks } of cases) {
    const inserts = rows.map((row) => featureInsert(plan, row));
    await appendRows(client, dataset, featureTableId(plan), inserts, instantRetry());
    const beats = marks.map((mark) => completeThroughInsert(plan, mark, generation));
    await appendRows(client, dataset, COMPLETE_THROUGH, beats, instantRetry());
  }
}

/** An answer as SQL gives it: `seq` is 0 where no pane applies. */
export type SqlAnswer = Omit<Answer, "pane"> & { readonly seq: number };

/**
 * The answer to each question, by the query of `training-set`; `seq`, which it doesn't tell, by a query of the same pieces. A
 * value is PRESENT where it isn't the column's default: what the rows hold must never be one.
 */
export async function answersBySql(
  stores: StoreEndpoints,
  plan: ViewPlan,
  questions: readonly Question[],
): Promise<readonly SqlAnswer[]> {
  const { dataset } = stores.bigquery;
  const params = { keys: questions.map(({ key }) => key), times: questions.map(({ tMs }) => tMs) };
  const query = (sql: string) => queryRows(bigqueryClient(stores), { sql, dataset, params }, instantRetry());
  const labels = `SELECT k AS ${plan.keyField}, TIMESTAMP_MILLIS(ms) AS t, i AS label_
    FROM UNNEST(@keys) AS k WITH OFFSET AS i JOIN UNNEST(@times) AS ms WITH OFFSET AS j ON i = j`;
  const { generation } = stores;
  const told = await query(trainingQuery({ plan, labels, timeColumn: "t", generation }));
  const seqs = await query(`WITH instants AS (SELECT *, ${closedSql(plan, "t")} AS closed FROM (${labels}))
    SELECT i.label_, p.seq FROM instants AS i
    JOIN ${featureTableId(plan)} AS p ON p.${plan.keyField} = i.${plan.keyField}
    WHERE ${inReachSql(plan, generation, "i.t", "i.closed")}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY i.label_ ORDER BY ${NEWEST_PANE}) = 1 AND p.empty_from > i.closed`);
  const seqOf = new Map(seqs.map((row) => [row["label_"], row["seq"] as number]));
  return told.map((row, i) => ({ ...answerOf(plan, row), seq: seqOf.get(i) ?? 0 }));
}

function answerOf(plan: ViewPlan, row: JsonRow): Omit<SqlAnswer, "seq"> {
  const asOf = row[`${plan.name}_as_of`];
  return {
    columns: plan.columns.map(({ name, feature }) => {
      const value = row[name] as FeatureValue;
      const isDefault = value === plan.features[feature]?.aggregation.empty;
      return { value, status: isDefault ? "DEFAULT" : "PRESENT" };
    }),
    stale: row[`${plan.name}_stale`] as boolean,
    asOfMs: asOf === null ? undefined : parseInstant(asOf as string),
  };
}
