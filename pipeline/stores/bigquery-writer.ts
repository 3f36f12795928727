import type { BigQuery } from "@google-cloud/bigquery";
import type { InsertRow } from "./bigquery-rows.ts";
import type { StoreCall } from "./errors.ts";
import type { InFlightLimits } from "./in-flight.ts";
import type { Retry } from "./retry.ts";
import { type EntryFailure, type Refused, writeBatch } from "./write-batch.ts";

/** 500 rows are what BigQuery advises for a request, 10 MB its limit. @see https://cloud.google.com/bigquery/quotas#streaming_inserts */
export const bigqueryLimits: InFlightLimits = { entries: 500, bytes: 5_000_000, requests: 4 };

/** Bytes that a row takes in a request, as far as its texts go: numbers and names are counted by a constant. */
export function insertRowBytes({ json }: InsertRow): number {
  let bytes = 100;
  for (const value of Object.values(json)) bytes += 40 + (typeof value === "string" ? value.length : 0);
  return bytes;
}

/**
 * Appends rows to a table by `tabledata.insertAll`. A request with one invalid row stores none of its rows
 * (BigQuery calls the valid ones "stopped"): the valid are sent again without it.
 * @returns the rows that BigQuery refused for what they hold
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function appendRows(
  client: BigQuery,
  datasetId: string,
  tableId: string,
  rows: readonly InsertRow[],
  retry: Retry,
): Promise<readonly Refused<InsertRow>[]> {
  const table = client.dataset(datasetId).table(tableId);
  const call: StoreCall = { store: "BigQuery", operation: "write", target: `table ${datasetId}.${tableId}` };
  const send = async (batch: readonly InsertRow[]): Promise<readonly EntryFailure<InsertRow>[]> => {
    try {
      await table.insert([...batch], { raw: true, partialRetries: 0 });
      return [];
    } catch (error) {
      if (!isPartialFailure(error)) throw error;
      return error.errors.map(entryFailure);
    }
  };
  return await writeBatch(call, rows, send, retry);
}

interface RowErrors {
  readonly row: InsertRow;
  readonly errors: readonly { readonly reason?: string; readonly message?: string }[];
}

function isPartialFailure(error: unknown): error is Error & { readonly errors: readonly RowErrors[] } {
  return error instanceof Error && error.name === "PartialFailureError";
}

/** "stopped" is the fate of a row beside an invalid one; "timeout" and "backendError" pass; all else is the row's own. */
function entryFailure({ row, errors }: RowErrors): EntryFailure<InsertRow> {
  const own = errors.find(({ reason }) => !PASSING_REASONS.has(reason ?? ""));
  const { reason = "unknown", message = "" } = own ?? errors[0] ?? {};
  return { entry: row, kind: own === undefined ? "outage" : "rejected", detail: `${reason}: ${message}` };
}

const PASSING_REASONS = new Set(["stopped", "timeout", "backendError", "internalError"]);
