import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { formatInstant, parseInstant } from "../../pipeline/core/instant.ts";
import { features } from "../../pipeline/features/registry.ts";
import { bigqueryLayout, featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { completeThroughInsert, featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { COMPLETE_THROUGH } from "../../pipeline/stores/bigquery-tables.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { trainingColumns, trainingQuery } from "../../pipeline/stores/training-query.ts";
import { asOfCases, KEYS, ruled, sample } from "../support/as-of-cases.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** One rule, written twice: in TypeScript for serving, in SQL for training. Here they answer the same questions. */
const plan = features.plan("user_purchases");
const endpoints = testEndpoints("training_set", inject("stack"));
const { dataset } = endpoints.bigquery;
const client = bigqueryClient(endpoints);
const query = (sql: string, params: Record<string, unknown> = {}) =>
  queryRows(client, { sql, dataset, params }, instantRetry());

const SEED = 7;
const LABELS = 400;
const START_MS = Date.UTC(2026, 2, 1, 12);
const GENERATION = 3;

const { rows, marks, instant } = asOfCases(plan, START_MS, GENERATION, SEED);
const ownRows = rows.filter(({ generation }) => generation === GENERATION);
const labels = sample(fc.record({ key: fc.constantFrom(...KEYS), tMs: instant }), LABELS, SEED + 2);
const ruledAt = (key: string, tMs: number) => ruled(plan, ownRows, marks, key, tMs);

/** What serving answers, in the words of the query. */
function served({ key, tMs }: (typeof labels)[number]): Record<string, unknown> {
  const { columns, asOfMs, stale } = ruledAt(key, tMs);
  return Object.fromEntries([
    ...plan.columns.map(({ name }, i) => [name, columns[i]?.value] as const),
    [`${plan.name}_as_of`, asOfMs ?? null],
    [`${plan.name}_stale`, stale],
  ]);
}

beforeAll(async () => {
  const layout = bigqueryLayout([plan], { project: endpoints.project, dataset }, GENERATION);
  await provisionBigquery(client, dataset, layout, instantRetry());
  const inserted = rows.map((row) => featureInsert(plan, row));
  await appendRows(client, dataset, featureTableId(plan), inserted, instantRetry());
  const beats = marks.map((mark) => completeThroughInsert(plan, mark, GENERATION));
  await appendRows(client, dataset, COMPLETE_THROUGH, beats, instantRetry());
});
afterAll(closeClients);

describe("the training query", () => {
  it(`answers ${String(LABELS)} random labels as serving would have`, async () => {
    const sql = trainingQuery({
      plan,
      labels: `SELECT k AS user_id, TIMESTAMP_MILLIS(ms) AS t, i AS label, i AS label_
        FROM UNNEST(@keys) AS k WITH OFFSET AS i JOIN UNNEST(@times) AS ms WITH OFFSET AS j ON i = j`,
      timeColumn: "t",
      generation: GENERATION,
    });
    const told = await query(sql, {
      keys: labels.map(({ key }) => key),
      times: labels.map(({ tMs }) => tMs),
    });
    const byLabel = new Map(told.map((row) => [row["label"], row]));
    expect(byLabel.size).toBe(LABELS);

    const asOf = `${plan.name}_as_of`;
    for (const [i, label] of labels.entries()) {
      const row = byLabel.get(i) ?? {};
      const got = Object.fromEntries(trainingColumns(plan).map((name) => [name, row[name]]));
      if (typeof got[asOf] === "string") got[asOf] = parseInstant(got[asOf]) ?? null;
      expect({ ...label, ...got }).toEqual({ ...label, ...served(label) });
    }
    // Or the comparison would be of defaults alone.
    const present = labels.filter((label) => Number(served(label)["purchase_count_1h"]) > 0);
    expect(present.length).toBeGreaterThan(LABELS / 10);
    expect(labels.length - present.length).toBeGreaterThan(LABELS / 10);
  });
});

describe("the table function", () => {
  it("answers for every key that serving has an answer for, and for no other", async () => {
    const instants = labels.slice(0, 40).map(({ tMs }) => tMs);
    let answered = 0;
    for (const tMs of instants) {
      const told = await query(
        `SELECT * FROM ${dataset}.${plan.name}_at(TIMESTAMP_MILLIS(${String(tMs)})) ORDER BY user_id`,
      );
      const expected = [...KEYS].sort().flatMap((key) => {
        const { columns, pane: current } = ruledAt(key, tMs);
        const values = plan.columns.map(({ name }, i) => [name, columns[i]?.value] as const);
        return current ? [{ user_id: key, ...Object.fromEntries(values), seq: current.seq }] : [];
      });
      answered += expected.length;
      expect(told).toMatchObject(expected);
      expect(told).toHaveLength(expected.length);
    }
    expect(answered).toBeGreaterThan(20);
  });
});

describe("freshet training-set", () => {
  const main = fileURLToPath(new URL("../../pipeline/main.ts", import.meta.url));
  const stores = [
    ...["--project", endpoints.project, "--instance", "none", "--dataset", dataset],
    ...["--generation", String(GENERATION)],
    ...["--bigquery-endpoint", endpoints.bigquery.apiEndpoint ?? ""],
  ];
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [main, "training-set", "--view", plan.name, ...args, ...stores]);
  const chosen = labels.slice(0, 3);

  async function labelsFile(): Promise<string> {
    const file = path.join(tempFolder(), "labels.csv");
    const lines = chosen.map(
      ({ key, tMs }, i) => `"${key}",${formatInstant(tMs)},"row ${String(i)}, quoted"`,
    );
    await writeFile(file, ["user_id,t,note", ...lines, ""].join("\n"));
    return file;
  }

  it("joins a CSV file, keeps its columns and the order of its rows", async () => {
    const out = path.join(tempFolder(), "set.csv");
    await run("--labels", await labelsFile(), "--out", out);
    const [header, ...lines] = (await readFile(out, "utf8")).trimEnd().split("\n");
    expect(header).toBe(["user_id", "t", "note", ...trainingColumns(plan)].join(","));
    expect(lines).toHaveLength(chosen.length);
    for (const [i, line] of lines.entries()) {
      const label = chosen[i] as (typeof labels)[number];
      expect(line).toContain(`"row ${String(i)}, quoted"`);
      expect(line.startsWith(label.key)).toBe(true);
      expect(line).toContain(`,${String(served(label)["purchase_count_30m"])},`);
      expect(line.endsWith(`,${String(served(label)[`${plan.name}_stale`])}`)).toBe(true);
    }
  });

  it("goes from a table to a table, and again", async () => {
    const [first] = chosen;
    await query(
      "CREATE OR REPLACE TABLE labels AS SELECT @key AS user_id, TIMESTAMP_MILLIS(@ms) AS t, TRUE AS fraud",
      { key: first?.key, ms: first?.tMs },
    );
    await run("--labels", `${dataset}.labels`, "--out", `${dataset}.training`);
    await run("--labels", `${dataset}.labels`, "--out", `${dataset}.training`);
    const told = await query("SELECT * FROM training");
    expect(told).toHaveLength(1);
    const count = "purchase_count_1h";
    expect(told[0]).toMatchObject({ fraud: true, [count]: served(first as (typeof labels)[number])[count] });
  });
});
