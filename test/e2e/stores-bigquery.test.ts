import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { StoreConfigError, StoreRejectedError } from "../../pipeline/stores/errors.ts";
import { countPlan, testPlan } from "../support/plans.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testStoredRow } from "../support/stores.ts";

/**
 * The offline store on BigQuery's emulator. It doesn't prove BigQuery's own checks of rows (the emulator is more
 * lenient), its dropping of repeated insert ids, partition pruning, or quotas.
 */
const plan = countPlan();
const endpoints = testEndpoints("stores_bigquery", inject("stack"));
const { dataset } = endpoints.bigquery;
const client = bigqueryClient(endpoints);
const at = { project: endpoints.project, dataset };
const layout = bigqueryLayout([plan, testPlan({ name: "everything" })], at, 0);
const query = (sql: string, params?: Record<string, unknown>) =>
  queryRows(client, { sql, dataset, ...(params && { params }) }, instantRetry());
const append = (rows: readonly Parameters<typeof featureInsert>[1][], p = plan) =>
  appendRows(
    client,
    dataset,
    `${p.name}_v1`,
    rows.map((row) => featureInsert(p, row)),
    instantRetry(),
  );

beforeAll(() => provisionBigquery(client, dataset, layout, instantRetry()));
afterAll(closeClients);

describe("provisionBigquery", () => {
  it("does no harm when run again, nor twice at once", async () => {
    const again = () => provisionBigquery(client, dataset, layout, instantRetry());
    await Promise.all([again(), again()]);
    const [tables] = await client.dataset(dataset).getTables();
    expect(tables.map(({ id }) => id).sort()).toEqual(
      [...layout.tables, ...layout.views].map(({ id }) => id).sort(),
    );
  });

  it("partitions by day and clusters by key", async () => {
    const [metadata] = (await client.dataset(dataset).table("purchases_v1").getMetadata()) as unknown[];
    expect(metadata).toMatchObject({
      timePartitioning: { type: "DAY", field: "window_end" },
      clustering: { fields: ["user_id"] },
    });
  });

  it("refuses another set of features under the same version", async () => {
    const more = bigqueryLayout([testPlan({ name: plan.name })], at, 0);
    const provisioning = provisionBigquery(client, dataset, more, instantRetry());
    await expect(provisioning).rejects.toBeInstanceOf(StoreConfigError);
    await expect(provisioning).rejects.toThrow("another version of the view");
  });
});

describe("appendRows and the view of final rows", () => {
  it("gives every type of value back, times in RFC 3339", async () => {
    const everything = testPlan({
      name: "everything",
      columns: testPlan().columns.map((column, i) => ({
        ...column,
        type: i % 2 === 0 ? "FLOAT64" : "INT64",
      })),
    });
    const values = everything.columns.map((_, i) => (i % 2 === 0 ? 0.1 : 2 ** 53 - 1));
    const row = testStoredRow(everything, { key: "ключ 🔑 'x'", values });
    expect(await append([row], everything)).toEqual([]);
    const [read] = await query("SELECT * FROM everything_v1");
    expect(read).toMatchObject({
      user_id: "ключ 🔑 'x'",
      window_end: "2026-01-01T12:00:00.000Z",
      available_at: "2026-01-01T12:00:00.500Z",
      timing: "ON_TIME",
      [everything.columns[0]?.name ?? ""]: 0.1,
      [everything.columns[1]?.name ?? ""]: 2 ** 53 - 1,
    });
  });

  it("shows the greatest (seq, available_at) of each key and window, whatever order rows came in", async () => {
    const row = (seq: number, availableAtMs: number, value: number, generation = 0) =>
      testStoredRow(plan, { key: "order", seq, availableAtMs, values: [value, value], generation });
    expect(await append([row(2, 50, 22), row(1, 90, 11), row(2, 60, 23), row(2, 40, 21)])).toEqual([]);
    expect(await append([row(2, 60, 23), row(9, 99, 99, 1)])).toEqual([]); // a replay, and another generation
    const final = await query("SELECT n_20, seq FROM purchases WHERE user_id = @key", { key: "order" });
    expect(final).toEqual([{ n_20: 23, seq: 2 }]);
    const [history] = await query("SELECT COUNT(*) AS n FROM purchases_v1 WHERE user_id = 'order'");
    expect(history).toEqual({ n: 6 });
  });

  it("shows another generation once it is the active one", async () => {
    await append(
      [1, 2].map((generation) => testStoredRow(plan, { key: "switch", generation, values: [generation, 0] })),
    );
    await provisionBigquery(client, dataset, bigqueryLayout([plan], at, 2), instantRetry());
    expect(await query("SELECT n_20 FROM purchases WHERE user_id = 'switch'")).toEqual([{ n_20: 2 }]);
    await provisionBigquery(client, dataset, bigqueryLayout([plan], at, 0), instantRetry());
    expect(await query("SELECT n_20 FROM purchases WHERE user_id = 'switch'")).toEqual([]);
  });

  it("says what to do about a missing table", async () => {
    const writing = appendRows(client, dataset, "nowhere", [{ insertId: "1", json: "{}" }], instantRetry());
    await expect(writing).rejects.toBeInstanceOf(StoreConfigError);
    await expect(writing).rejects.toThrow("nowhere");
  });
});

describe("queryRows", () => {
  it("is refused a look into the past, for which the local BigQuery would copy tables at every request", async () => {
    const past = query("SELECT * FROM purchases_v1 FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()");
    await expect(past).rejects.toThrow("keeps no history");
  });

  it("returns plain JSON: nested values, bytes, decimals, whole numbers beyond 2^53 as text", async () => {
    const [row] = await query(
      "SELECT [1, 2] AS numbers, STRUCT('x' AS a, TRUE AS b) AS pair, FROM_BASE64('AAE=') AS bytes, NULL AS nothing, " +
        "TIMESTAMP '2026-01-02 03:04:05.678Z' AS t, DATE '2026-01-02' AS d, 9007199254740993 AS big, 7 AS small",
    );
    expect(row).toEqual({
      numbers: [1, 2],
      pair: { a: "x", b: true },
      bytes: "AAE=",
      nothing: null,
      t: "2026-01-02T03:04:05.678Z",
      d: "2026-01-02",
      big: "9007199254740993",
      small: 7,
    });
  });

  it.each(["SELEC 1", "SELECT nope FROM purchases"])("refuses %s in BigQuery's words", async (sql) => {
    await expect(query(sql)).rejects.toBeInstanceOf(StoreRejectedError);
  });
});
