import type { GetRowsOptions, Table } from "@google-cloud/bigtable";
import type { StoreCall } from "./errors.ts";
import { type Retry, withRetry } from "./retry.ts";

/** Which cells to read: the newest one of a column in each row. */
export interface NewestCells {
  readonly rowKeys: readonly string[];
  readonly family: string;
  readonly qualifier: string;
  /** Only cells with a timestamp below it, ms; `undefined`: any. */
  readonly limitMs: number | undefined;
}

/** A cell as read. */
export interface Cell {
  readonly timestampMs: number;
  readonly value: Uint8Array;
}

/**
 * Reads the newest cell of one column in several rows, by one request.
 * @returns by row key; rows without such a cell are left out
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readNewestCells(
  table: Table,
  { rowKeys, family, qualifier, limitMs }: NewestCells,
  retry: Retry,
): Promise<Map<string, Cell>> {
  if (rowKeys.length === 0) return new Map();
  const call: StoreCall = { store: "Bigtable", operation: "read", target: `table ${table.id}` };
  table.maxRetries = 0; // the policy is ours
  const options: GetRowsOptions = {
    keys: [...rowKeys],
    decode: false,
    filter: [
      { family: exactly(family) },
      { column: { name: exactly(qualifier) } },
      // A time range takes a Date only: a number is ignored, without a word, and every cell comes back.
      ...(limitMs === undefined ? [] : [{ time: { start: new Date(0), end: new Date(limitMs) } }]),
      { column: { cellLimit: 1 } },
    ],
    gaxOptions: { timeout: retry.policy.attemptMs },
  };
  const [rows] = await withRetry(call, () => table.getRows(options), retry);
  const cells = new Map<string, Cell>();
  for (const row of rows) {
    const data = row.data as Record<string, Record<string, readonly RawCell[]>>;
    // Undecoded, the row's id is a Buffer too, whatever its type says.
    const rowKey = (row.id as string | Buffer).toString();
    const cell = data[family]?.[qualifier]?.[0];
    if (cell !== undefined)
      cells.set(rowKey, { timestampMs: Number(cell.timestamp) / 1000, value: cell.value });
  }
  return cells;
}

interface RawCell {
  /** Microseconds, as text. */
  readonly timestamp: string;
  readonly value: Uint8Array;
}

/** Filters match whole names by RE2 patterns: a dot in a family's name must not match anything else. */
function exactly(name: string): RegExp {
  return new RegExp(name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
}
