import type { FeaturePlan, ViewPlan } from "../core/view-plan.ts";
import { identifier, literal, milliseconds } from "./sql-text.ts";

/*
 * The rule of `core/answer.ts` in pieces of SQL, for whatever joins panes with instants. In them `p` is a row of the
 * view's table, and `closed` the newest window end at or before the instant.
 */

/** The newest window end at or before an instant. @param instant SQL of a TIMESTAMP */
export function closedSql(plan: ViewPlan, instant: string): string {
  const slide = String(plan.slideMs);
  return `TIMESTAMP_MILLIS(DIV(UNIX_MILLIS(${instant}), ${slide}) * ${slide})`;
}

/** Which rows may answer at an instant: those readable then, of windows that reach it. */
export function inReachSql(plan: ViewPlan, generation: number, instant: string, closed: string): string {
  return [
    `p.generation = ${String(generation)}`,
    `p.available_at <= ${instant}`,
    `p.window_end <= TIMESTAMP_ADD(${closed}, ${milliseconds(plan.slideMs)})`,
    `p.window_end > TIMESTAMP_SUB(${closed}, ${milliseconds(plan.longestMs)})`,
  ].join("\n    AND ");
}

/** The order of panes, the one that answers first. */
export const NEWEST_PANE = "p.window_end DESC, p.seq DESC, p.available_at DESC";

/** A column of size w has its default once the newest event has left it: `empty_from − (L − w) <= closed`. */
export function columnSql(plan: ViewPlan, index: number, closed: string): string {
  const column = plan.columns[index] as ViewPlan["columns"][number];
  const { aggregation } = plan.features[column.feature] as FeaturePlan;
  const name = identifier(column.name);
  const earlier = plan.longestMs - column.sizeMs;
  const leaves = earlier === 0 ? "p.empty_from" : `TIMESTAMP_SUB(p.empty_from, ${milliseconds(earlier)})`;
  // Where there is no pane, `empty_from` is null and so is the comparison: the default.
  return `IF(${leaves} > ${closed}, p.${name}, ${literal(aggregation.empty)}) AS ${name}`;
}

/**
 * The answers at one instant, `t`, for all keys that have any event in reach; every other key has its defaults.
 * @param table SQL of the view's table
 */
export function answersAtSql(plan: ViewPlan, table: string, generation: number): string {
  const key = identifier(plan.keyField);
  const closed = closedSql(plan, "t");
  return `SELECT
  p.${key},
${plan.columns.map((_, i) => `  ${columnSql(plan, i, closed)},`).join("\n")}
  p.window_end, p.seq, p.available_at
FROM (
  SELECT * FROM ${table} AS p
  WHERE ${inReachSql(plan, generation, "t", closed)}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY p.${key} ORDER BY ${NEWEST_PANE}) = 1
) AS p
WHERE p.empty_from > ${closed}`;
}
