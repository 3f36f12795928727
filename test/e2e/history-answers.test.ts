import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { answer, paneAt } from "../../pipeline/core/answer.ts";
import { parseInstant } from "../../pipeline/core/instant.ts";
import type { StoredRow } from "../../pipeline/core/model.ts";
import { bigqueryLayout, featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { completeThroughInsert, featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { COMPLETE_THROUGH } from "../../pipeline/stores/bigquery-tables.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { trainingQuery } from "../../pipeline/stores/training-query.ts";
import { arbitraryHistory, millisecondSetting } from "../support/history/history.ts";
import { runHistory } from "../support/history/run.ts";
import { minute } from "../support/history/views.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";

/*
 * The rows of generated histories, those of lost work among them, asked by the SQL that the definitions give: at every
 * instant the answer is that of `core/answer.ts`, with how current it is. Proves the local BigQuery's reading of it only.
 */
const HISTORIES = 12;
const endpoints = testEndpoints("history_answers", inject("stack"));
const { dataset } = endpoints.bigquery;
const client = bigqueryClient(endpoints);

/** Each history's keys are its own, so that all of them share a table. */
const rows = fc
  .sample(arbitraryHistory(millisecondSetting), { seed: 5, numRuns: HISTORIES * 4 })
  .filter(({ watermark }) => watermark === "honest")
  .slice(0, HISTORIES)
  .flatMap((history, i) => {
    const run = runHistory(history, [minute]);
    return run.views.flatMap(({ view }) =>
      view.rows.map((row): StoredRow => ({ ...row, key: `${String(i)} ${row.key}` })),
    );
  });

/**
 * Heartbeats of the view, which all histories share. They tick, stop for long enough to be stale, catch up with one, of
 * which an older one comes after it, and stop for good:
 *
 *     start   0    10   20   30   …………………   130  120   140  150   …
 */
const { startMs } = millisecondSetting;
const marks = [
  ...[0, 10, 20, 30].map((ms) => [ms, ms + 3]),
  ...[
    [130, 133],
    [120, 137],
    [140, 141],
    [150, 150],
  ],
].map(([through = 0, known = 0]) => ({
  completeThroughMs: startMs + through,
  availableAtMs: startMs + known,
}));

/** The greatest that was known at an instant. */
function completeThroughAt(tMs: number): number | undefined {
  const known = marks.filter(({ availableAtMs }) => availableAtMs <= tMs);
  return known.length === 0 ? undefined : Math.max(...known.map((mark) => mark.completeThroughMs));
}

/** On and beside every instant at which an answer changes, for each key. */
const labels = [...Map.groupBy(rows, ({ key }) => key)].flatMap(([key, ofKey]) => {
  const changes = [
    ...ofKey.flatMap((row) => [row.windowEndMs, row.availableAtMs, row.emptyFromMs]),
    ...marks.flatMap((mark) => [mark.availableAtMs, mark.completeThroughMs + minute.freshnessMs]),
  ];
  const instants = new Set(changes.flatMap((ms) => [ms - 1, ms, ms + 1]));
  return [...instants].map((tMs) => ({ key, tMs, ofKey }));
});

beforeAll(async () => {
  const layout = bigqueryLayout([minute], { project: endpoints.project, dataset }, 0);
  await provisionBigquery(client, dataset, layout, instantRetry());
  const inserted = rows.map((row) => featureInsert(minute, row));
  await appendRows(client, dataset, featureTableId(minute), inserted, instantRetry());
  const ticks = marks.map((mark) => completeThroughInsert(minute, mark, 0));
  await appendRows(client, dataset, COMPLETE_THROUGH, ticks, instantRetry());
});
afterAll(closeClients);

it(`answers at every instant of ${String(HISTORIES)} histories as serving would have`, async () => {
  const sql = trainingQuery({
    plan: minute,
    labels: `SELECT k AS user_id, TIMESTAMP_MILLIS(ms) AS t, i AS label, i AS label_
      FROM UNNEST(@keys) AS k WITH OFFSET AS i JOIN UNNEST(@times) AS ms WITH OFFSET AS j ON i = j`,
    timeColumn: "t",
    generation: 0,
  });
  const params = { keys: labels.map(({ key }) => key), times: labels.map(({ tMs }) => tMs) };
  const told = await queryRows(client, { sql, dataset, params }, instantRetry());
  const byLabel = new Map(told.map((row) => [row["label"], row]));
  const seen = { present: 0, default: 0, stale: 0, fresh: 0, asOfPane: 0, asOfMark: 0, asOfNothing: 0 };
  for (const [i, { key, tMs, ofKey }] of labels.entries()) {
    const throughMs = completeThroughAt(tMs);
    const { columns, stale, asOfMs } = answer(minute, paneAt(minute, ofKey, tMs), tMs, throughMs);
    const values = Object.fromEntries(minute.columns.map(({ name }, c) => [name, columns[c]?.value]));
    const { minute_as_of: asOf, minute_stale, ...rest } = byLabel.get(i) ?? {};
    const asOfGot = asOf === null ? undefined : parseInstant(asOf as string);
    expect({ ...rest, stale: minute_stale, asOfMs: asOfGot }, `${key} at ${String(tMs)}`).toMatchObject({
      ...values,
      stale,
      asOfMs,
    });
    seen[columns.some(({ status }) => status === "PRESENT") ? "present" : "default"]++;
    seen[stale ? "stale" : "fresh"]++;
    seen[asOfMs === undefined ? "asOfNothing" : asOfMs === throughMs ? "asOfMark" : "asOfPane"]++;
  }
  // Or they would agree by saying one thing.
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50);
});
