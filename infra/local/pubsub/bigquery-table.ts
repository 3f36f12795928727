import type { StoredMessage } from "./message.ts";
import { invalidArgument } from "./errors.ts";

/** A table's place. */
export interface TableName {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

/** One message as one row, beside the id by which BigQuery drops it when it comes twice in a short time. */
export interface ExportRow {
  readonly insertId: string;
  readonly json: Readonly<Record<string, string>>;
}

/** What `insertAll` made of the rows: which ones BigQuery refused for what they hold. */
export type InsertResult = ReadonlySet<number>;

/**
 * @param text `project.dataset.table` or `project:dataset.table`
 * @throws PubsubError INVALID_ARGUMENT
 */
export function parseTable(text: string): TableName {
  const [, project, dataset, table] = /^([^.:]+)[.:]([^.:]+)\.([^.:]+)$/.exec(text) ?? [];
  if (!project || !dataset || !table) {
    throw invalidArgument(
      `Invalid BigQuery table ${JSON.stringify(text)}: it must be project.dataset.table.`,
    );
  }
  return { project, dataset, table };
}

/** A BigQuery table over REST. */
export class BigQueryTable {
  readonly #url: string;
  readonly #signal: AbortSignal;

  /** @param endpoint like `http://127.0.0.1:9050` */
  constructor(endpoint: string, { project, dataset, table }: TableName, signal: AbortSignal) {
    this.#url = `${endpoint}/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${table}`;
    this.#signal = signal;
  }

  /** The types of the columns by name. @throws Error when there is no such table, or no BigQuery */
  async columnTypes(): Promise<ReadonlyMap<string, string>> {
    interface Table {
      schema?: { fields?: { name: string; type: string }[] };
    }
    const { schema } = await this.#call<Table>(this.#url);
    return new Map(schema?.fields?.map(({ name, type }) => [name, type.toUpperCase()]));
  }

  /** Inserts rows, the good ones even if others are bad. @throws Error when BigQuery can't be reached or fails */
  async insertAll(rows: readonly ExportRow[]): Promise<InsertResult> {
    interface Answer {
      insertErrors?: { index?: number }[];
    }
    const body = JSON.stringify({ rows, skipInvalidRows: true });
    const answer = await this.#call<Answer>(`${this.#url}/insertAll`, { method: "POST", body });
    return new Set(answer.insertErrors?.map(({ index }) => index ?? 0));
  }

  async #call<T>(url: string, init: RequestInit = {}): Promise<T> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { ...init, headers, signal: this.#signal });
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

/**
 * A message as a row of the table that "write metadata" asks for.
 * @param dataType of the `data` column: BYTES takes base64, STRING and JSON the text
 * @see https://cloud.google.com/pubsub/docs/bigquery#write-metadata
 */
export function toRow(
  message: StoredMessage,
  subscription: string,
  dataType: string,
  writeMetadata: boolean,
): ExportRow {
  const bytes = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength);
  const data = dataType === "BYTES" ? bytes.toString("base64") : bytes.toString();
  const insertId = String(message.seq);
  if (!writeMetadata) return { insertId, json: { data } };
  // The ordering key has no column of its own: it stands among the attributes.
  const { attributes, orderingKey } = message;
  return {
    insertId,
    json: {
      subscription_name: subscription,
      message_id: insertId,
      publish_time: new Date(message.publishTimeMs).toISOString(),
      data,
      attributes: JSON.stringify(
        orderingKey === "" ? attributes : { ...attributes, ordering_key: orderingKey },
      ),
    },
  };
}
