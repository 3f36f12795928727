import type { Fields, ResourceSchema } from "../schema/shape.ts";
import { canonical, isObject, isUnknown, type Properties, unwrapped } from "./wire.ts";

/** What an update would do. */
export interface Difference {
  /** Inputs that change, by name. */
  readonly changed: readonly string[];
  /** Those of them that can't change in place. */
  readonly replaces: readonly string[];
}

/** What changes between the inputs that a resource has and the new ones. */
export function diffInputs(schema: ResourceSchema, olds: Properties, news: Properties): Difference {
  const names = Object.keys(schema.inputs).filter((name) => !isSame(olds[name], news[name]));
  const replaces = names.filter((name) => {
    if (schema.type === BIGQUERY_TABLE && name === "schema") return losesColumns(olds[name], news[name]);
    return forcesReplacement(schema.inputs, name, olds[name], news[name]);
  });
  return { changed: names, replaces };
}

const BIGQUERY_TABLE = "gcp:bigquery/table:Table";

/** A list that is absent and one that is empty are the same to the provider. */
function isSame(old: unknown, given: unknown): boolean {
  return canonical(old ?? null) === canonical(given ?? null);
}

/** Whether a changed field, or a changed one inside it, is one that forces a replacement. */
function forcesReplacement(fields: Fields, name: string, old: unknown, given: unknown): boolean {
  const field = fields[name];
  if (field === undefined || isSame(old, given)) return false;
  if (field.replaces) return true;
  const inner = field.shape.kind === "list" ? field.shape.items : field.shape;
  if (inner.kind !== "object") return false;
  const olds = itemsOf(old);
  return itemsOf(given).some((item, i) =>
    Object.keys(inner.fields).some((each) =>
      forcesReplacement(inner.fields, each, olds[i]?.[each], item[each]),
    ),
  );
}

function itemsOf(wrapped: unknown): Properties[] {
  const value = unwrapped(wrapped);
  return (Array.isArray(value) ? value : [value]).map(unwrapped).filter(isObject);
}

/**
 * BigQuery adds columns in place. One that goes, or gets another type, makes the provider replace the table.
 * @see https://cloud.google.com/bigquery/docs/managing-table-schemas
 */
function losesColumns(old: unknown, given: unknown): boolean {
  if (isUnknown(unwrapped(given))) return false;
  const kept = new Set(columnsOf(given));
  return columnsOf(old).some((column) => !kept.has(column));
}

function columnsOf(schema: unknown): string[] {
  const text = unwrapped(schema);
  const columns = typeof text === "string" && !isUnknown(text) ? (JSON.parse(text) as Properties[]) : [];
  return columns.map(({ name, type }) => canonical([name, type]));
}
