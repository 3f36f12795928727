import { type Int64, numberOf } from "./int64.ts";

/** A cell as read. */
export interface Cell {
  readonly timestampMs: number;
  readonly value: Uint8Array;
}

/** The cells of a row, the first of each column family. */
export type CellsByFamily = ReadonlyMap<string, Cell>;

/** A piece of a row as it comes: what equals the piece before is left out, and a large cell comes in several. */
export interface CellChunk {
  readonly rowKey: Uint8Array;
  readonly familyName: { readonly value: string } | null;
  /** Microseconds. */
  readonly timestampMicros: Int64;
  readonly value: Uint8Array;
  /** Bytes of the whole value while pieces of it are still to come, else 0. */
  readonly valueSize: number;
  readonly resetRow?: boolean;
  readonly commitRow?: boolean;
}

/**
 * Puts the rows of a ReadRows answer together, for filters that let one column of a family pass.
 * @see https://cloud.google.com/bigtable/docs/reference/data/rpc/google.bigtable.v2#google.bigtable.v2.ReadRowsResponse.CellChunk
 */
export class RowAssembler {
  readonly #rows = new Map<string, CellsByFamily>();
  #rowKey: string | undefined;
  #cells = new Map<string, Cell>();
  #family = "";
  #parts: Uint8Array[] = [];
  #timestampMs = 0;

  add(chunk: CellChunk): void {
    if (chunk.resetRow) {
      this.#begin();
      return;
    }
    if (chunk.rowKey.length > 0) this.#rowKey = Buffer.from(chunk.rowKey).toString();
    if (chunk.familyName != null) this.#family = chunk.familyName.value;
    if (this.#parts.length === 0) this.#timestampMs = numberOf(chunk.timestampMicros) / 1000;
    if (chunk.valueSize > 0) {
      this.#parts.push(chunk.value);
      return;
    }
    const value = this.#parts.length === 0 ? chunk.value : Buffer.concat([...this.#parts, chunk.value]);
    this.#parts = [];
    if (!this.#cells.has(this.#family)) {
      this.#cells.set(this.#family, { timestampMs: this.#timestampMs, value });
    }
    if (chunk.commitRow && this.#rowKey !== undefined) {
      this.#rows.set(this.#rowKey, this.#cells);
      this.#begin();
    }
  }

  /** All rows by their keys; `undefined` where the answer ended within a row. */
  rows(): ReadonlyMap<string, CellsByFamily> | undefined {
    return this.#rowKey === undefined ? this.#rows : undefined;
  }

  #begin(): void {
    this.#rowKey = undefined;
    this.#cells = new Map();
    this.#family = "";
    this.#parts = [];
  }
}
