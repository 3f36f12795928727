import type { BigQuery } from "@google-cloud/bigquery";
import type { InsertRow } from "./bigquery-rows.ts";
import type { StoreCall } from "./errors.ts";
import { TransientError } from "./failure.ts";
import type { InFlightLimits } from "./in-flight.ts";
import type { Retry } from "./retry.ts";
import { type EntryFailure, type Refused, writeBatch } from "./write-batch.ts";

/** 500 rows are what BigQuery advises for a request, 10 MB its limit. @see https://cloud.google.com/bigquery/quotas#streaming_inserts */
export const bigqueryLimits: InFlightLimits = { entries: 500, bytes: 5_000_000, requests: 4 };

/** Bytes that a row takes in a request, nearly: a character may be several. */
export function insertRowBytes({ insertId, json }: InsertRow): number {
  return insertId.length + json.length + 24;
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
    // As text: the library copies an object twice over, and replaces `{{projectId}}` in the rows' own values.
    const [answer] = (await table.request({
      method: "POST",
      uri: "/insertAll",
      headers: { "Content-Type": "application/json" },
      body: `{"rows":[${batch.map(entryJson).join()}]}`,
    })) as [InsertAllAnswer, unknown];
    return (answer.insertErrors ?? []).map(({ index, errors }) => {
      const entry = batch[index];
      if (entry === undefined) throw new TransientError(`the answer names row ${index} of ${batch.length}`);
      return entryFailure(entry, errors);
    });
  };
  return await writeBatch(call, rows, send, retry);
}

function entryJson({ insertId, json }: InsertRow): string {
  return `{"insertId":${JSON.stringify(insertId)},"json":${json}}`;
}

/** What is left of `TableDataInsertAllResponse`. @see https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll */
interface InsertAllAnswer {
  readonly insertErrors?: readonly { readonly index: number; readonly errors: readonly RowError[] }[];
}

interface RowError {
  readonly reason?: string;
  readonly message?: string;
}

/** "stopped" is the fate of a row beside an invalid one; "timeout" and "backendError" pass; all else is the row's own. */
function entryFailure(entry: InsertRow, errors: readonly RowError[]): EntryFailure<InsertRow> {
  const own = errors.find(({ reason }) => !PASSING_REASONS.has(reason ?? ""));
  const { reason = "unknown", message = "" } = own ?? errors[0] ?? {};
  return { entry, kind: own === undefined ? "outage" : "rejected", detail: `${reason}: ${message}` };
}

const PASSING_REASONS = new Set(["stopped", "timeout", "backendError", "internalError"]);
