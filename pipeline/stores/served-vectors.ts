import type { LoggedVector } from "../core/audit/served.ts";
import { formatInstant } from "../core/instant.ts";
import { instantOf, type OfflineStore, textOf } from "./archive.ts";
import { type JsonRow, queryRows } from "./bigquery-query.ts";
import { SERVED_VECTORS } from "./served-rows.ts";

/** A vector of the log. */
export interface ServedRecord {
  readonly service: string;
  readonly version: number;
  readonly requestId: string;
  readonly key: Readonly<Record<string, string>>;
  /** `undefined`: there was an error in place of a vector. */
  readonly vector: LoggedVector | undefined;
}

/**
 * The newest vectors that were served of a generation.
 * @param span instants that they answer for, both inclusive, ms
 * @param limit vectors at most
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readServed(
  { client, dataset, generation, retry }: OfflineStore,
  span: { readonly fromMs: number; readonly toMs: number },
  limit: number,
): Promise<ServedRecord[]> {
  const sql = `SELECT service, version, served_at, request_id, entity_key, request, features FROM ${SERVED_VECTORS}
WHERE generation = @generation AND served_at BETWEEN TIMESTAMP(@from) AND TIMESTAMP(@to)
ORDER BY served_at DESC, request_id, key_index LIMIT ${String(limit)}`;
  const params = { generation, from: formatInstant(span.fromMs), to: formatInstant(span.toMs) };
  return (await queryRows(client, { sql, params, dataset }, retry)).map(recordOf);
}

function recordOf(row: JsonRow): ServedRecord {
  const features = textOf(row, "features");
  return {
    service: textOf(row, "service"),
    version: Number(row["version"]),
    requestId: textOf(row, "request_id"),
    key: JSON.parse(textOf(row, "entity_key")) as ServedRecord["key"],
    vector:
      features === ""
        ? undefined
        : {
            features: JSON.parse(features) as LoggedVector["features"],
            request: JSON.parse(textOf(row, "request")) as unknown,
            tMs: instantOf(row, "served_at"),
          },
  };
}
