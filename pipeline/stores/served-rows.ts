import type { InsertRow } from "./bigquery-rows.ts";
import { type BigqueryTable, field } from "./bigquery-tables.ts";

/** The id of the table of served vectors. */
export const SERVED_VECTORS = "served_vectors";

/** One key's vector as it was served. */
export interface ServedVector {
  readonly service: string;
  readonly version: number;
  /** RFC 3339: the instant that the vector answers for. */
  readonly servedAt: string;
  readonly requestId: string;
  /** Place of the key in its request. */
  readonly index: number;
  readonly caller: string;
  /** JSON objects. */
  readonly key: string;
  readonly request: string;
  /** Null where there was an error in place of a vector. */
  readonly features: string | null;
  readonly error: string | null;
  readonly generation: number;
}

/** What models were served. */
export const servedVectors: BigqueryTable = {
  id: SERVED_VECTORS,
  description: "Feature vectors as the server served them: all of them, or a sample.",
  fields: [
    field("service", "STRING", "The feature service."),
    field("version", "INT64", "Its version."),
    field("served_at", "TIMESTAMP", "The instant that the vector answers for."),
    field("request_id", "STRING", "The server's id of the request."),
    field("key_index", "INT64", "Place of the key in its request."),
    field("caller", "STRING", "Who asked, by the name of its API key."),
    field("entity_key", "STRING", "The key, a JSON object."),
    field("request", "STRING", "What the caller said, a JSON object."),
    field(
      "features",
      "STRING",
      "The vector with status, as_of and seq of each feature, a JSON object.",
      "NULLABLE",
    ),
    field("error", "STRING", "Why there is no vector.", "NULLABLE"),
    field("generation", "INT64", "The generation that was read."),
  ],
  partitionField: "served_at",
  clusterFields: ["service"],
};

/** A served vector, for its table. */
export function servedInsert(vector: ServedVector): InsertRow {
  const { service, version, servedAt, requestId, index, caller, key, request, features, error } = vector;
  return {
    insertId: `${requestId}/${String(index)}`,
    json: JSON.stringify({
      service,
      version,
      served_at: servedAt,
      request_id: requestId,
      key_index: index,
      caller,
      entity_key: key,
      request,
      features,
      error,
      generation: vector.generation,
    }),
  };
}
