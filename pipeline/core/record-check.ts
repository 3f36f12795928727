import type { EventField, EventRecord, FieldKind } from "./avro-schema.ts";

/** A value by field name, not yet known to be the schema's record. */
export type Fields = Readonly<Record<string, unknown>>;

/** The first field in which a value is not its schema's record. */
export interface Mismatch {
  /** Path of the field; empty for the record itself. */
  readonly field: string;
  readonly value: unknown;
  readonly reason: "schema_mismatch" | "invalid_utf8";
  /** Which field, what it was, what would be right. */
  readonly detail: string;
}

/** Checks values against one schema; made once, run for every message. */
export interface RecordCheck {
  /** Whether an object has exactly the record's fields, each of its type. */
  exact(value: unknown): Mismatch | undefined;
  /** Whether the record's fields have their types; other fields are not looked for. */
  fields(value: Fields): Mismatch | undefined;
}

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/**
 * Builds the check of a record.
 *
 * Numbers must be finite: JSON's `1e999` and Avro's NaN would spoil every sum they enter. A `long` must be exact in
 * a double. A text must be well-formed: a lone surrogate (`"\ud800"` in JSON) has no UTF-8, so two keys that differ
 * in it only would be stored as one. An unknown field is refused as Pub/Sub's own validation refuses it: dropping
 * it would lose it silently.
 */
export function recordCheck(record: EventRecord): RecordCheck {
  const names = record.fields.map((field) => field.name);
  const checks = record.fields.map(fieldCheck);

  function fields(value: Fields): Mismatch | undefined {
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const check = checks[i] as (value: unknown) => boolean;
      if (!check(value[name])) return mismatch(record.fields[i] as EventField, value[name]);
    }
    return undefined;
  }

  return {
    fields,
    exact(value) {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return notARecord(record, value);
      const found = value as Fields;
      return (
        fields(found) ?? (Object.keys(found).length === names.length ? undefined : unknownField(names, found))
      );
    },
  };
}

function fieldCheck({ kind, symbols }: EventField): (value: unknown) => boolean {
  switch (kind) {
    case "string":
      return (value) => typeof value === "string" && value.isWellFormed();
    case "boolean":
      return (value) => typeof value === "boolean";
    case "int":
      return (value) =>
        Number.isInteger(value) && (value as number) >= INT_MIN && (value as number) <= INT_MAX;
    case "long":
      return Number.isSafeInteger;
    case "float":
      return (value) => typeof value === "number" && Number.isFinite(Math.fround(value));
    case "double":
      return Number.isFinite;
    case "enum": {
      const known: ReadonlySet<unknown> = new Set(symbols);
      return (value) => known.has(value);
    }
  }
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  string: "a string",
  boolean: "true or false",
  int: "a whole number of 32 bits",
  long: "a whole number within 2^53",
  float: "a finite number of single precision",
  double: "a finite number",
  enum: "",
};

function mismatch({ name, kind, symbols }: EventField, value: unknown): Mismatch {
  const expected = kind === "enum" ? `one of ${symbols.join(", ")}` : EXPECTED[kind];
  if (kind === "string" && typeof value === "string") {
    const detail = `${name} holds half a character (a lone surrogate), which no UTF-8 can carry`;
    return { field: name, value, reason: "invalid_utf8", detail };
  }
  const found = value === undefined ? "is missing" : `is ${show(value)}`;
  return {
    field: name,
    value,
    reason: "schema_mismatch",
    detail: `${name} ${found}: it must be ${expected}`,
  };
}

function notARecord(record: EventRecord, value: unknown): Mismatch {
  const detail = `the message is ${show(value)}: it must be a ${record.name} record`;
  return { field: "", value, reason: "schema_mismatch", detail };
}

function unknownField(names: readonly string[], value: Fields): Mismatch {
  const field = Object.keys(value).find((key) => !names.includes(key)) ?? "";
  const detail = `${show(field)} is no field of the schema: its fields are ${names.join(", ")}`;
  return { field, value: value[field], reason: "schema_mismatch", detail };
}

const SHOWN_LENGTH = 60;

/** A value as a message shows it: short, whatever came in. */
function show(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, SHOWN_LENGTH) : value);
  return typeof value === "string" && value.length > SHOWN_LENGTH ? `${text}…` : text;
}
