import { Reader, type Writer } from "./bytes.ts";
import { readCell, writeCell } from "./cell.ts";
import type { StoredRow } from "./model.ts";
import type { ViewPlan } from "./view-plan.ts";

/*
 * Readable rows of one view, as they cross a shuffle together. Each is its key, its cell, and what a cell can't hold:
 * when it was readable, its generation, its origin.
 */

const ORIGINS: readonly StoredRow["origin"][] = ["stream", "backfill"];

/** Adds a row to a batch. */
export function writeStoredRow(row: StoredRow, to: Writer): void {
  to.string(row.key);
  writeCell(row, to);
  to.varint(row.availableAtMs);
  to.varint(row.generation);
  to.byte(ORIGINS.indexOf(row.origin));
}

/**
 * Reads the rows of a batch, in their order.
 * @throws RangeError for rows of another layout or number of columns, or bytes that end too soon
 */
export function readStoredRows(plan: ViewPlan, bytes: Uint8Array): StoredRow[] {
  const from = new Reader(bytes);
  const rows: StoredRow[] = [];
  while (!from.done) {
    const key = from.string();
    const row = readCell(plan, key, from);
    const availableAtMs = from.varintNumber();
    const generation = from.varintNumber();
    const origin = ORIGINS[from.byte()];
    if (origin === undefined) throw new RangeError(`a row of ${plan.name} has an unknown origin`);
    rows.push({ ...row, availableAtMs, generation, origin });
  }
  return rows;
}
