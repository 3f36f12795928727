import { FreshetError } from "./errors.ts";

/** The types a field of an event may have. No unions, so that Avro's JSON of a record is plain JSON. */
export type FieldKind = "string" | "boolean" | "int" | "long" | "float" | "double" | "enum";

/** One field of an event's record. */
export interface EventField {
  readonly name: string;
  readonly kind: FieldKind;
  /** Of an enum, else empty. */
  readonly symbols: readonly string[];
  /** Whether it is an instant: a long of logical type `timestamp-millis`, epoch ms. */
  readonly isTimestamp: boolean;
  readonly doc: string | undefined;
}

/** An event's record: a flat list of fields. */
export interface EventRecord {
  readonly name: string;
  readonly doc: string | undefined;
  readonly fields: readonly EventField[];
}

/** Thrown when an Avro schema is none that an event can have, or two revisions of it don't fit together. */
export class EventSchemaError extends FreshetError {
  constructor(why: string, fields: Record<string, unknown> = {}) {
    super("event_schema", why, fields);
  }
}

const PRIMITIVES: ReadonlySet<string> = new Set(["string", "boolean", "int", "long", "float", "double"]);

/**
 * Reads the schema of an event.
 * @param schema parsed content of an `.avsc` file
 * @throws EventSchemaError for anything but a flat record of strings, booleans, numbers and enums
 */
export function readEventRecord(schema: unknown): EventRecord {
  const record = asObject(schema, "the schema");
  if (record["type"] !== "record") {
    throw new EventSchemaError(`the schema is of type ${show(record["type"])}: an event is a "record"`);
  }
  const { name, fields } = record;
  if (typeof name !== "string") throw new EventSchemaError("the record needs a name");
  if (!Array.isArray(fields) || fields.length === 0) {
    throw new EventSchemaError(`record ${name} needs at least one field`, { record: name });
  }
  return { name, doc: docOf(record), fields: fields.map((field: unknown) => readField(field, name)) };
}

function readField(field: unknown, record: string): EventField {
  const object = asObject(field, `a field of ${record}`);
  const name = object["name"];
  if (typeof name !== "string") throw new EventSchemaError(`a field of ${record} needs a name`, { record });
  const type = asObject(
    typeof object["type"] === "string" ? { type: object["type"] } : object["type"],
    `the type of ${record}.${name}`,
  );
  const common = { name, doc: docOf(object) };
  if (type["type"] === "enum") {
    return { ...common, kind: "enum", symbols: readSymbols(type, `${record}.${name}`), isTimestamp: false };
  }
  const { type: kind, logicalType } = type;
  const isTimestamp = kind === "long" && logicalType === "timestamp-millis";
  if (!isPrimitive(kind) || (logicalType !== undefined && !isTimestamp)) {
    throw new EventSchemaError(
      `${record}.${name} has the type ${show(object["type"])}: a field is a string, boolean, int, long, ` +
        "float, double, enum, or a long of logical type timestamp-millis",
      { record, field: name },
    );
  }
  return { ...common, kind, symbols: [], isTimestamp };
}

function readSymbols(type: Record<string, unknown>, field: string): string[] {
  const symbols: unknown = type["symbols"];
  if (!Array.isArray(symbols) || !symbols.every((s) => typeof s === "string")) {
    throw new EventSchemaError(`the enum ${field} needs a list of symbols`, { field });
  }
  return symbols;
}

function isPrimitive(kind: unknown): kind is Exclude<FieldKind, "enum"> {
  return typeof kind === "string" && PRIMITIVES.has(kind);
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new EventSchemaError(`${what} is ${show(value)}: an object is needed (unions are not for events)`);
}

function docOf(object: Record<string, unknown>): string | undefined {
  return typeof object["doc"] === "string" ? object["doc"] : undefined;
}

function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
