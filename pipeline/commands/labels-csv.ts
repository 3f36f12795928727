import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { FreshetError } from "../core/errors.ts";
import { parseInstant } from "../core/instant.ts";

/** Labels of a CSV file: rows of text below a header. */
export interface Labels {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Thrown when labels can't be used as they are. */
export class LabelError extends FreshetError {
  constructor(why: string, fields: Record<string, unknown> = {}) {
    super("label", why, fields);
  }
}

/**
 * Reads labels.
 * @param needed columns that must be there
 * @throws LabelError where the file is no CSV, or lacks one of them
 */
export async function readLabels(file: string, needed: readonly string[]): Promise<Labels> {
  let rows: string[][];
  try {
    rows = parse(await readFile(file), { bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new LabelError(`${file} can't be read as CSV: ${(error as Error).message}`, { file });
  }
  const columns = rows.shift() ?? [];
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new LabelError(`${file} has two columns named "${repeated}"`, { file, column: repeated });
  }
  const missing = needed.find((name) => !columns.includes(name));
  if (missing !== undefined) {
    const found = columns.length === 0 ? "the file is empty" : `its header has ${columns.join(", ")}`;
    throw new LabelError(`${file} needs a column "${missing}": ${found}`, { file, column: missing });
  }
  return { columns, rows };
}

/** The instants of a column, epoch ms. @throws LabelError for a text that is none, with its line */
export function instantsOf(labels: Labels, column: string): number[] {
  const index = labels.columns.indexOf(column);
  return labels.rows.map((row, i) => {
    const ms = parseInstant(row[index] ?? "");
    if (ms !== undefined) return ms;
    const line = i + 2;
    throw new LabelError(
      `line ${String(line)}: ${column} is "${row[index] ?? ""}", which is no RFC 3339 time like 2026-01-31T12:00:00Z`,
      { line, column },
    );
  });
}
