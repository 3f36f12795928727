import type { BigQuery, Dataset, RoutineMetadata } from "@google-cloud/bigquery";
import type { BigqueryFunction, BigqueryLayout, BigqueryView } from "./bigquery-layout.ts";
import type { BigqueryTable } from "./bigquery-tables.ts";
import { type StoreCall, StoreConfigError } from "./errors.ts";
import { type Retry, withRetry } from "./retry.ts";

/**
 * Creates what is missing of a layout: the data set, its tables, views and table functions. Existing tables are left
 * as they are; existing views and functions get the layout's query. Safe to run at every start, and by two processes at once.
 * @throws StoreConfigError where a table of that name has other columns
 */
export async function provisionBigquery(
  client: BigQuery,
  datasetId: string,
  layout: BigqueryLayout,
  retry: Retry,
): Promise<void> {
  const dataset = client.dataset(datasetId);
  await ensure(
    { store: "BigQuery", operation: "create", target: `data set ${datasetId}` },
    () => client.createDataset(datasetId),
    retry,
  );
  await Promise.all(layout.tables.map((table) => ensureTable(dataset, table, retry)));
  await Promise.all(layout.views.map((view) => ensureView(dataset, view, retry)));
  await Promise.all(layout.functions.map((each) => ensureFunction(dataset, each, retry)));
}

/**
 * Creates a table, and its data set, where they are missing. Where the table stands no right to create one is needed.
 * @throws StoreConfigError where it has other columns
 */
export async function provisionTable(
  client: BigQuery,
  datasetId: string,
  table: BigqueryTable,
  retry: Retry,
): Promise<void> {
  const call: StoreCall = { store: "BigQuery", operation: "read", target: `table ${datasetId}.${table.id}` };
  const [stands] = await withRetry(call, () => client.dataset(datasetId).table(table.id).exists(), retry);
  if (stands) await refuseOtherColumns(client.dataset(datasetId), table, retry);
  else await provisionBigquery(client, datasetId, { tables: [table], views: [], functions: [] }, retry);
}

async function ensureTable(dataset: Dataset, table: BigqueryTable, retry: Retry): Promise<void> {
  const call: StoreCall = { store: "BigQuery", operation: "create", target: `table ${table.id}` };
  const create = () =>
    dataset.createTable(table.id, {
      description: table.description,
      schema: { fields: [...table.fields] },
      timePartitioning: { type: "DAY", field: table.partitionField },
      clustering: { fields: [...table.clusterFields] },
    });
  if (!(await ensure(call, create, retry))) await refuseOtherColumns(dataset, table, retry);
}

async function refuseOtherColumns(dataset: Dataset, table: BigqueryTable, retry: Retry): Promise<void> {
  const call: StoreCall = { store: "BigQuery", operation: "read", target: `table ${table.id}` };
  const answer: unknown = await withRetry(call, () => dataset.table(table.id).getMetadata(), retry);
  const [{ schema }] = answer as [TableMetadata];
  const present = new Set(schema?.fields?.map(({ name }) => name));
  const missing = table.fields.filter(({ name }) => !present.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new StoreConfigError(
    `BigQuery's table ${table.id} has no column ${missing.join(", ")}: another set of features is another version of the view`,
    { ...call, missing },
  );
}

interface TableMetadata {
  readonly schema?: { readonly fields?: readonly { readonly name: string }[] };
}

async function ensureView(dataset: Dataset, view: BigqueryView, retry: Retry): Promise<void> {
  const call: StoreCall = { store: "BigQuery", operation: "create", target: `view ${view.id}` };
  const metadata = { description: view.description, view: { query: view.query, useLegacySql: false } };
  if (await ensure(call, () => dataset.createTable(view.id, metadata), retry)) return;
  await withRetry(call, () => dataset.table(view.id).setMetadata(metadata), retry);
}

async function ensureFunction(dataset: Dataset, each: BigqueryFunction, retry: Retry): Promise<void> {
  const call: StoreCall = { store: "BigQuery", operation: "create", target: `table function ${each.id}` };
  const { name, type } = each.parameter;
  const metadata: RoutineMetadata = {
    routineType: "TABLE_VALUED_FUNCTION",
    language: "SQL",
    description: each.description,
    arguments: [{ name, dataType: { typeKind: type } }],
    definitionBody: each.query,
  };
  if (await ensure(call, () => dataset.createRoutine(each.id, metadata), retry)) return;
  await withRetry(call, () => dataset.routine(each.id).setMetadata(metadata), retry);
}

/** @returns whether it was created; `false` where it stood already. */
async function ensure(call: StoreCall, create: () => Promise<unknown>, retry: Retry): Promise<boolean> {
  return await withRetry(
    call,
    async () => {
      try {
        await create();
        return true;
      } catch (error) {
        if ((error as { code?: unknown }).code === 409) return false;
        throw error;
      }
    },
    retry,
  );
}
