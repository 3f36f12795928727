import type { BigQuery } from "@google-cloud/bigquery";
import type { StoreCall } from "./errors.ts";
import { type Retry, withRetry } from "./retry.ts";

/** A value of a result row, as JSON: times in RFC 3339, bytes in base64, whole numbers beyond 2^53 as text. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** A query may take its time: BigQuery's own limit. @see https://cloud.google.com/bigquery/quotas#query_jobs */
const QUERY_MS = 6 * 3_600_000;

/**
 * Runs standard SQL and returns the rows as plain JSON objects, columns in the query's order.
 * @throws StoreRejectedError for SQL that BigQuery refuses; its message is BigQuery's own
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function queryRows(
  client: BigQuery,
  {
    sql,
    params = {},
    dataset,
  }: { readonly sql: string; readonly params?: Readonly<Record<string, unknown>>; readonly dataset?: string },
  retry: Retry,
): Promise<Record<string, JsonValue>[]> {
  const call: StoreCall = { store: "BigQuery", operation: "run", target: "the query" };
  const rows = await withRetry(
    call,
    async () => {
      // A job and not `query()`: an endpoint that answers failed SQL with HTTP 200 would read as "no rows".
      const [job] = await client.createQueryJob({
        query: sql,
        params: { ...params },
        ...(dataset !== undefined && { defaultDataset: { datasetId: dataset, projectId: client.projectId } }),
      });
      const [result] = await job.getQueryResults({ wrapIntegers: { integerTypeCastFunction: wholeNumber } });
      return result as Record<string, unknown>[];
    },
    { ...retry, policy: { ...retry.policy, attemptMs: QUERY_MS } },
  );
  return rows.map((row) => toJson(row) as Record<string, JsonValue>);
}

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
