import type { ViewPlan } from "../core/view-plan.ts";
import { closedSql, columnSql, inReachSql, NEWEST_PANE } from "./as-of-sql.ts";
import { featureTableId } from "./bigquery-layout.ts";
import { COMPLETE_THROUGH } from "./bigquery-tables.ts";
import { identifier, literal, milliseconds } from "./sql-text.ts";

/** What a training set is asked of. */
export interface TrainingQuery {
  readonly plan: ViewPlan;
  /**
   * SQL that yields the labels: the view's key field, an instant, `label_` (a number for each, which orders the answers
   * and doesn't come out again), and whatever else is to be kept.
   */
  readonly labels: string;
  /** The labels' column with the instant, a TIMESTAMP. */
  readonly timeColumn: string;
  readonly generation: number;
}

/** Columns that a training query adds to those of the labels: the view's, then `<view>_as_of` and `<view>_stale`. */
export function trainingColumns(plan: ViewPlan): string[] {
  return [...plan.columns.map(({ name }) => name), `${plan.name}_as_of`, `${plan.name}_stale`];
}

/**
 * What the online store would have answered for each label, as one query: the rule of `core/answer.ts` in SQL.
 *
 *     closed = the newest window end at or before t
 *     panes  = of the rows readable at t, in reach of t: the one with the greatest (window_end, seq, available_at)
 *     marks  = the greatest complete_through that was known at t
 *
 * Table names are relative to the default data set.
 */
export function trainingQuery({ plan, labels, timeColumn, generation }: TrainingQuery): string {
  const t = identifier(timeColumn);
  const key = identifier(plan.keyField);
  return `WITH labels AS (
${indented(labels)}
),
instants AS (
  SELECT
    *,
    ${closedSql(plan, t)} AS closed_
  FROM labels
),
panes AS (
  SELECT i.label_, p.window_end, p.empty_from,
    ${plan.columns.map(({ name }) => `p.${identifier(name)}`).join(", ")}
  FROM instants AS i
  JOIN ${identifier(featureTableId(plan))} AS p ON p.${key} = i.${key}
  WHERE ${inReachSql(plan, generation, `i.${t}`, "i.closed_")}
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY i.label_ ORDER BY ${NEWEST_PANE}) = 1
),
marked AS (
  SELECT label_, MAX(complete_through) OVER (ORDER BY at_) AS complete_through
  FROM (
    SELECT label_, ${t} AS at_, CAST(NULL AS TIMESTAMP) AS complete_through FROM instants
    UNION ALL
    SELECT CAST(NULL AS INT64), available_at, complete_through
    FROM ${identifier(COMPLETE_THROUGH)}
    WHERE view = ${literal(plan.name)} AND version = ${String(plan.version)} AND generation = ${String(generation)}
  )
),
marks AS (
  SELECT label_, complete_through FROM marked WHERE label_ IS NOT NULL
)
SELECT
  i.* EXCEPT (closed_, label_),
${plan.columns.map((_, index) => `  ${columnSql(plan, index, "i.closed_")},`).join("\n")}
  LEAST(i.${t}, GREATEST(
    COALESCE(p.window_end, LEAST(i.closed_, m.complete_through)),
    COALESCE(LEAST(i.closed_, m.complete_through), p.window_end))) AS ${identifier(`${plan.name}_as_of`)},
  m.complete_through IS NULL
    OR m.complete_through < TIMESTAMP_SUB(i.${t}, ${milliseconds(plan.freshnessMs)}) AS ${identifier(`${plan.name}_stale`)}
FROM instants AS i
LEFT JOIN panes AS p USING (label_)
LEFT JOIN marks AS m USING (label_)
ORDER BY i.label_`;
}

function indented(sql: string): string {
  return sql
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
