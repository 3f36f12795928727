import { isUtf8 } from "node:buffer";
import type { Type } from "avsc";
import { readEventRecord } from "./avro-schema.ts";
import { avroType, createResolver, exactLongType } from "./avro-type.ts";
import { messageOf } from "./error-message.ts";
import type { SchemaRevision } from "./event-plan.ts";
import type { DeadLetterReason } from "./model.ts";
import { recordCheck, type Fields, type Mismatch } from "./record-check.ts";

/** Why bytes are no event. A class, so that a record of any shape can be told apart from it. */
export class Refusal {
  readonly reason: DeadLetterReason;
  readonly detail: string;
  /** The field it is about, and what it held. */
  readonly field: string;
  readonly value: unknown;

  constructor(reason: DeadLetterReason, detail: string, field = "", value?: unknown) {
    this.reason = reason;
    this.detail = detail;
    this.field = field;
    this.value = value;
  }
}

/** Reads messages that were written by one revision, as records of the newest. Neither function throws. */
export interface RevisionReader {
  json(data: Uint8Array): Fields | Refusal;
  binary(data: Uint8Array): Fields | Refusal;
}

/**
 * Builds the reader of one revision, by Avro's schema resolution: what the newest adds gets its default, what it
 * left out is dropped, numbers are widened.
 * @throws EventSchemaError when the newest revision can't read what this one wrote
 * @see https://avro.apache.org/docs/1.11.1/specification/#schema-resolution
 */
export function revisionReader(revision: SchemaRevision, newest: SchemaRevision): RevisionReader {
  const writerType = avroType(revision);
  const writerRecord = readEventRecord(revision.avro);
  const writerCheck = recordCheck(writerRecord);
  const newestType = avroType(newest);
  const newestRecord = readEventRecord(newest.avro);
  const newestCheck = recordCheck(newestRecord);
  const texts = newestRecord.fields.filter((field) => field.kind === "string").map((field) => field.name);
  const resolver =
    revision.id === newest.id ? undefined : createResolver(revision, writerType, newest, newestType);
  /** Reads what `writerType` won't; made for the first message that needs it. */
  let lenientType: Type | undefined;

  return { json, binary };

  function json(data: Uint8Array): Fields | Refusal {
    if (!isUtf8(data)) return new Refusal("invalid_utf8", "the message is not UTF-8, which JSON has to be");
    let value: unknown;
    try {
      value = JSON.parse(asBuffer(data).toString());
    } catch (error) {
      return new Refusal("malformed", `the message is not JSON: ${messageOf(error)}`);
    }
    const mismatch = writerCheck.exact(value);
    if (mismatch !== undefined) return refusalOf(mismatch);
    // An older revision goes by way of Avro's bytes, so that both encodings are resolved by the same rules.
    return resolver === undefined ? (value as Fields) : resolved(writerType.toBuffer(value));
  }

  function binary(data: Uint8Array): Fields | Refusal {
    const bytes = asBuffer(data);
    try {
      const value = resolved(bytes);
      if (value instanceof Refusal || isTextIntact(value, bytes)) return value;
      return new Refusal("invalid_utf8", "a text of the message is not UTF-8");
    } catch (error) {
      return explain(bytes, messageOf(error));
    }
  }

  function resolved(bytes: Buffer): Fields | Refusal {
    const value = newestType.fromBuffer(bytes, resolver) as Fields;
    const mismatch = newestCheck.fields(value);
    return mismatch === undefined ? value : refusalOf(mismatch);
  }

  /** avsc reads broken UTF-8 as U+FFFD. A text with one was sent so only if writing it again gives the same bytes. */
  function isTextIntact(value: Fields, bytes: Buffer): boolean {
    if (!texts.some((name) => (value[name] as string).includes("\uFFFD"))) return true;
    return writerType.toBuffer(writerType.fromBuffer(bytes)).equals(bytes);
  }

  /** Names the field of a `long` that avsc won't read, being beyond 2^53; all else is no Avro of this schema. */
  function explain(bytes: Buffer, why: string): Refusal {
    lenientType ??= exactLongType(revision);
    try {
      const mismatch = writerCheck.fields(lenientType.fromBuffer(bytes) as Fields);
      if (mismatch !== undefined) return refusalOf(mismatch);
    } catch {
      // Then the bytes themselves are wrong, and the first reading said why.
    }
    return new Refusal("malformed", `the message is not Avro of revision ${revision.id}: ${why}`);
  }
}

function refusalOf({ reason, detail, field, value }: Mismatch): Refusal {
  return new Refusal(reason, detail, field, value);
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
