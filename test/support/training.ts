/** The README's training query over labels of a test's choice, beside the rule that serving obeys. */
import { expect } from "vitest";
import { answer, paneAt } from "../../pipeline/core/answer.ts";
import { parseInstant } from "../../pipeline/core/instant.ts";
import type { PaneTiming, StoredRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { JsonRow } from "../../pipeline/stores/bigquery-query.ts";
import { featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { storedRow } from "../../pipeline/stores/offline-panes.ts";

/** A key, and the instant that a training set asks for. */
interface Label {
  readonly key: string;
  readonly tMs: number;
}

/**
 * Rows of a key long ago: what takes longer to come about than a test lasts. One event makes an early and an on-time
 * row, and one when the shorter size has left it; a second event of its minute makes a fuller pane, which comes in first.
 */
export function pastRows(plan: ViewPlan, key: string, nowMs: number): StoredRow[] {
  const endMs = Math.floor(nowMs / HOUR_MS - 3) * HOUR_MS + plan.slideMs;
  const emptyFromMs = endMs + plan.longestMs;
  const [shortestMs = 0] = plan.sizesMs;
  const row = (windowEndMs: number, seq: number, timing: PaneTiming, readableAfterMs: number): StoredRow => ({
    view: plan.name,
    version: plan.version,
    key,
    windowEndMs,
    values: plan.columns.map(({ sizeMs, type, feature }) => {
      if (windowEndMs >= emptyFromMs - (plan.longestMs - sizeMs))
        return plan.features[feature]?.aggregation.empty ?? null;
      return type === "STRING" ? `of ${seq}` : seq;
    }),
    seq,
    maxEventTimeMs: endMs - plan.slideMs,
    maxPublishTimeMs: endMs - plan.slideMs,
    emptyFromMs,
    timing,
    availableAtMs: windowEndMs + readableAfterMs,
    generation: 0,
    origin: "stream",
  });
  return [
    row(endMs, 2, "ON_TIME", 1_000),
    row(endMs, 1, "EARLY", 2_000),
    row(endMs + shortestMs, 2, "ON_TIME", 1_000),
  ];
}

type Query = (sql: string) => Promise<readonly JsonRow[]>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A literal each: longer ones make the emulator's parser slow. */
const MAX_LABELS = 140;

/**
 * Holds a training query to the answers that core gives from the same rows, at the instants around which answers change.
 * Rows leave all the time: what is compared has to be the same before the query and after it, so a caller may have to
 * try again.
 * @param columns the feature columns that the query selects
 */
export async function expectTrainingAnswers(
  query: Query,
  plan: ViewPlan,
  sql: string,
  columns: readonly string[],
): Promise<void> {
  const readRows = async () =>
    (await query(`SELECT * FROM ${featureTableId(plan)} ORDER BY available_at`)).map((row) =>
      storedRow(plan, row),
    );
  const rows = await readRows();
  const labels = rows.flatMap((row) => labelsAround(plan, row)).slice(0, MAX_LABELS);
  const told = await query(withLabels(sql, plan, labels));
  expect(await readRows()).toEqual(rows);

  const indexes = columns.map((name) => plan.columns.findIndex((column) => column.name === name));
  const truth = labels.map(({ key, tMs }) => {
    const pane = paneAt(
      plan,
      rows.filter((row) => row.key === key),
      tMs,
    );
    const values = answer(plan, pane, tMs, undefined).columns.map(({ value }) => value);
    return [key, tMs, ...indexes.map((i) => values[i])];
  });
  const got = told.map((row) => [
    row[plan.keyField],
    parseInstant(row["t"] as string),
    ...columns.map((name) => row[name]),
  ]);
  expect(distinct(got)).toEqual(distinct(truth));
}

/** Before and after a row can be read, within its windows, and on both sides of where a size or the whole has left. */
function labelsAround({ longestMs, sizesMs }: ViewPlan, row: StoredRow): Label[] {
  const leaves = sizesMs.map((sizeMs) => row.emptyFromMs - (longestMs - sizeMs));
  const instants = [row.availableAtMs, ...leaves].flatMap((ms) => [ms - 1, ms, ms + MINUTE_MS]);
  return instants.map((tMs) => ({ key: row.key, tMs }));
}

function withLabels(sql: string, plan: ViewPlan, labels: readonly Label[]): string {
  const selects = new Set(
    labels.map(({ key, tMs }) => `SELECT '${key}' AS ${plan.keyField}, TIMESTAMP_MILLIS(${tMs}) AS t`),
  );
  const own = `WITH labels AS (${[...selects].join(" UNION ALL ")}),`;
  const replaced = sql.replace(/^WITH labels AS \([^]*?^\),/m, () => own);
  if (replaced === sql) throw new Error("the query has no labels to replace");
  return replaced;
}

const distinct = (table: readonly unknown[]) => [...new Set(table.map((row) => JSON.stringify(row)))].sort();
