import type { BigQuery, Job } from "@google-cloud/bigquery";
import type { StoreCall } from "./errors.ts";
import { type Retry, withRetry } from "./retry.ts";

/** A value of a result row, as JSON: times in RFC 3339, bytes in base64, whole numbers beyond 2^53 as text. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** A query may take its time: BigQuery's own limit. @see https://cloud.google.com/bigquery/quotas#query_jobs */
const QUERY_MS = 6 * 3_600_000;
/** How much longer than BigQuery a query of a bounded time is waited for, ms: it is BigQuery that should end it. */
const TRAVEL_MS = 1_000;

/** A query, its parameters by name, and the data set of tables that name none. */
export interface Query {
  readonly sql: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly dataset?: string;
}

/** A row of a result: columns in the query's order. */
export type JsonRow = Record<string, JsonValue>;

const CALL: StoreCall = { store: "BigQuery", operation: "run", target: "the query" };

/**
 * Runs standard SQL and returns the rows as plain JSON objects, columns in the query's order.
 * @throws StoreRejectedError for SQL that BigQuery refuses; its message is BigQuery's own
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function queryRows(client: BigQuery, query: Query, retry: Retry): Promise<JsonRow[]> {
  const rows = await withRetry(
    CALL,
    async () => {
      const job = await startQuery(client, query, retry);
      const [result] = await job.getQueryResults({ wrapIntegers });
      return result as Record<string, unknown>[];
    },
    patient(retry),
  );
  return rows.map((row) => toJson(row) as JsonRow);
}

/**
 * Runs standard SQL for a result that may be too large for memory: page by page, of which one is held.
 * @param [pageRows=10000] BigQuery cuts a page at 10 MB too
 * @throws as `queryRows`, at any page
 */
export async function* queryPages(
  client: BigQuery,
  query: Query,
  retry: Retry,
  pageRows = 10_000,
): AsyncGenerator<JsonRow[], void> {
  const job = await withRetry(CALL, () => startQuery(client, query, retry), patient(retry));
  let pageToken: string | undefined;
  do {
    const options = {
      ...{ maxResults: pageRows, autoPaginate: false, wrapIntegers },
      ...(pageToken !== undefined && { pageToken }),
    };
    const [rows, next] = await withRetry(CALL, () => job.getQueryResults(options), patient(retry));
    yield (rows as Record<string, unknown>[]).map((row) => toJson(row) as JsonRow);
    pageToken = (next as { readonly pageToken?: string } | null)?.pageToken;
  } while (pageToken !== undefined);
}

/** A job and not `query()`: an endpoint that answers failed SQL with HTTP 200 would read as "no rows". */
async function startQuery(
  client: BigQuery,
  { sql, params = {}, dataset }: Query,
  { policy: { queryMs } }: Retry,
): Promise<Job> {
  const [job] = await client.createQueryJob({
    query: sql,
    params: { ...params },
    ...(queryMs !== undefined && { jobTimeoutMs: Math.ceil(queryMs) }),
    ...(dataset !== undefined && { defaultDataset: { datasetId: dataset, projectId: client.projectId } }),
  });
  return job;
}

function patient(retry: Retry): Retry {
  const { queryMs } = retry.policy;
  const attemptMs = queryMs === undefined ? QUERY_MS : queryMs + TRAVEL_MS;
  return { ...retry, policy: { ...retry.policy, attemptMs } };
}

const wrapIntegers = { integerTypeCastFunction: wholeNumber };

function wholeNumber(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** The client wraps dates, times, timestamps and numerics in objects with a `value`, and bytes in a Buffer. */
function toJson(value: unknown): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object") return typeof value === "bigint" ? value.toString() : null;
  if (isWrapped(value)) return value.value;
  if (isDecimal(value)) return value.toJSON();
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item)]));
}

const isWrapped = (value: object): value is { value: string } =>
  value.constructor.name.startsWith("BigQuery") && typeof (value as { value?: unknown }).value === "string";

/** Big.js, as the client returns NUMERIC. */
const isDecimal = (value: object): value is { toJSON(): string } => "toJSON" in value;
