import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { stringify } from "csv-stringify";
import type { ViewPlan } from "../core/view-plan.ts";
import { features } from "../features/registry.ts";
import { addStoreOptions, LOCAL, storesOf, type StoreFlags } from "../options.ts";
import { type JsonValue, queryRows } from "../stores/bigquery-query.ts";
import { bigqueryClient, closeClients } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import type { Retry } from "../stores/retry.ts";
import { identifier } from "../stores/sql-text.ts";
import { trainingColumns, trainingQuery } from "../stores/training-query.ts";
import { commandRetry } from "./command-retry.ts";
import { instantsOf, LabelError, type Labels, readLabels } from "./labels-csv.ts";
import { note, say } from "./output.ts";

interface TrainingFlags extends StoreFlags {
  readonly view: string;
  readonly labels: string;
  readonly out: string;
  readonly timeColumn: string;
  readonly sql?: boolean;
}

/** Labels that one query carries with it. Many more belong into a table, which is read in one query. */
const LABELS_A_QUERY = 5_000;

/** `freshet training-set`: what the online store would have answered at each label's time. */
export function trainingSetCommand(): Command {
  const command = new Command("training-set")
    .description("Join labels (a key and a time each) with what the online store would have answered then.")
    .requiredOption("--view <name>", "feature view")
    .requiredOption("--labels <csv|table>", "labels: a .csv file, or a BigQuery table")
    .option("--out <csv|table>", "a .csv file, a BigQuery table (replaced), or - for standard output", "-")
    .option("--time-column <name>", "the labels' column with the time", "t")
    .option("--sql", "print the query instead of running it");
  return addStoreOptions(command).action(trainingSet);
}

async function trainingSet(flags: TrainingFlags): Promise<void> {
  const plan = features.plan(flags.view);
  const { timeColumn } = flags;
  if (isCsv(flags.labels)) {
    const labels = await readLabels(flags.labels, [plan.keyField, timeColumn]);
    refuseClash(plan, labels.columns);
    const queries = batches(labels, instantsOf(labels, timeColumn), timeColumn);
    await answer(flags, plan, queries);
  } else {
    await answer(flags, plan, [
      { sql: `SELECT *, ROW_NUMBER() OVER () AS label_ FROM ${tableName(flags.labels)}`, params: {} },
    ]);
  }
}

interface LabelQuery {
  readonly sql: string;
  readonly params: Readonly<Record<string, readonly (string | number)[]>>;
}

/** Labels as queries that carry them, a column an array: text as it stands in the file, and the time as an instant. */
function* batches(
  { columns, rows }: Labels,
  instants: readonly number[],
  timeColumn: string,
): Generator<LabelQuery> {
  const selected = columns.map((name, i) => {
    const value = name === timeColumn ? `TIMESTAMP_MILLIS(c${String(i)})` : `c${String(i)}`;
    return `${value} AS ${identifier(name)}`;
  });
  const joined = columns.map((_, i) => {
    const array = `UNNEST(@c${String(i)}) AS c${String(i)} WITH OFFSET AS o${String(i)}`;
    return i === 0 ? array : `JOIN ${array} ON o${String(i)} = o0`;
  });
  const sql = `SELECT ${selected.join(", ")}, o0 AS label_\nFROM ${joined.join("\n")}`;
  for (let from = 0; from < rows.length; from += LABELS_A_QUERY) {
    const batch = rows.slice(from, from + LABELS_A_QUERY);
    const params = columns.map((name, i) => {
      const values = batch.map((row, n) =>
        name === timeColumn ? (instants[from + n] ?? NaN) : (row[i] ?? ""),
      );
      return [`c${String(i)}`, values] as const;
    });
    yield { sql, params: Object.fromEntries(params) };
  }
}

async function answer(flags: TrainingFlags, plan: ViewPlan, labels: Iterable<LabelQuery>): Promise<void> {
  const generation = flags.generation ?? LOCAL.generation;
  const sqlOf = (of: LabelQuery) =>
    trainingQuery({ plan, labels: of.sql, timeColumn: flags.timeColumn, generation });
  if (flags.sql) {
    const [first] = labels;
    if (first) say(sqlOf(first));
    return;
  }
  const endpoints = await storesOf(flags);
  try {
    if (isCsv(flags.out) || flags.out === "-") await writeCsv(answers(endpoints, labels, sqlOf), flags.out);
    else await writeTable(endpoints, labels, sqlOf, flags.out);
  } finally {
    await closeClients();
  }
}

async function* answers(
  endpoints: StoreEndpoints,
  labels: Iterable<LabelQuery>,
  sqlOf: (labels: LabelQuery) => string,
): AsyncGenerator<Record<string, JsonValue>> {
  const { dataset } = endpoints.bigquery;
  for (const of of labels) {
    const request = { sql: sqlOf(of), params: of.params, dataset };
    yield* await queryRows(bigqueryClient(endpoints), request, commandRetry);
  }
}

/** The first query replaces the table, the others append: those aren't tried again, or labels could come twice. */
async function writeTable(
  endpoints: StoreEndpoints,
  labels: Iterable<LabelQuery>,
  sqlOf: (labels: LabelQuery) => string,
  out: string,
): Promise<void> {
  const table = tableName(out);
  const { dataset } = endpoints.bigquery;
  let into = `CREATE OR REPLACE TABLE ${table} AS`;
  let retry: Retry = commandRetry;
  for (const of of labels) {
    await queryRows(
      bigqueryClient(endpoints),
      { sql: `${into}\n${sqlOf(of)}`, params: of.params, dataset },
      retry,
    );
    into = `INSERT INTO ${table}`;
    retry = { ...commandRetry, policy: { ...commandRetry.policy, attempts: 1 } };
  }
  note(`wrote table ${out}`);
}

async function writeCsv(rows: AsyncIterable<Record<string, JsonValue>>, out: string): Promise<void> {
  let written = 0;
  async function* counted() {
    for await (const row of rows) {
      written++;
      yield row;
    }
  }
  const cast = { boolean: (value: boolean) => String(value) };
  const csv = stringify({ header: true, cast });
  if (out === "-") {
    await pipeline(counted, csv, process.stdout, { end: false });
    return;
  }
  await pipeline(counted, csv, createWriteStream(out));
  note(`wrote ${String(written)} rows to ${out}`);
}

function isCsv(name: string): boolean {
  return name.toLowerCase().endsWith(".csv");
}

/** @throws LabelError for what can be no table's name */
function tableName(name: string): string {
  if (!/^([A-Za-z0-9-]+\.)?([A-Za-z0-9_]+\.)?[A-Za-z0-9_]+$/.test(name)) {
    throw new LabelError(
      `"${name}" is neither a .csv file nor a table: write table, dataset.table or project.dataset.table`,
      { name },
    );
  }
  return identifier(name);
}

function refuseClash(plan: ViewPlan, columns: readonly string[]): void {
  const clash = trainingColumns(plan).find((name) => columns.includes(name));
  if (clash === undefined) return;
  throw new LabelError(`the labels have a column "${clash}", as the view has: rename it`, { column: clash });
}
