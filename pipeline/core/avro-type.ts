/** The types of the avsc library for our schemas. */
import avro from "avsc";
import { EventSchemaError } from "./avro-schema.ts";
import { messageOf } from "./error-message.ts";
import type { SchemaRevision } from "./event-plan.ts";

/** What tells a reader's type how to read another type's bytes. */
export type Resolver = ReturnType<avro.Type["createResolver"]>;

/**
 * The type of a revision.
 * @throws EventSchemaError
 */
export function avroType(revision: SchemaRevision): avro.Type {
  return compile(revision, {});
}

/** A revision's type that only reads, a long as a bigint where no number is exact. */
export function exactLongType(revision: SchemaRevision): avro.Type {
  return compile(revision, { typeHook: (schema) => (isLong(schema) ? exactLong : undefined) });
}

/**
 * How the newest revision reads an older one's bytes; good for these two types only.
 * @throws EventSchemaError when it can't
 */
export function createResolver(
  writer: SchemaRevision,
  writerType: avro.Type,
  newest: SchemaRevision,
  newestType: avro.Type,
): Resolver {
  try {
    return newestType.createResolver(writerType);
  } catch (error) {
    throw new EventSchemaError(
      `revision ${newest.id} can't read what revision ${writer.id} wrote: ${messageOf(error)}`,
      { revision: writer.id, newest: newest.id },
    );
  }
}

type CompileOptions = NonNullable<Parameters<typeof avro.Type.forSchema>[1]>;

function compile(revision: SchemaRevision, options: CompileOptions): avro.Type {
  try {
    return avro.Type.forSchema(revision.avro as avro.Schema, { ...options, omitRecordMethods: true });
  } catch (error) {
    throw new EventSchemaError(`revision ${revision.id} is no Avro schema: ${messageOf(error)}`, {
      revision: revision.id,
    });
  }
}

const exactLong = avro.types.LongType.__with({
  fromBuffer(bytes: Buffer): number | bigint {
    const exact = bytes.readBigInt64LE();
    const number = Number(exact);
    return Number.isSafeInteger(number) ? number : exact;
  },
  toBuffer: unused,
  fromJSON: unused,
  toJSON: unused,
  isValid: unused,
  compare: unused,
});

function isLong(schema: avro.Schema): boolean {
  return typeof schema === "object" && "type" in schema && schema.type === "long";
}

function unused(): never {
  throw new Error("this type only reads");
}
