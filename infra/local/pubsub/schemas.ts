import { createHash } from "node:crypto";
import avro from "avsc";
import type { google } from "@google-cloud/pubsub/build/protos/protos.js";
import { invalidArgument, notFound, unimplemented } from "./errors.ts";
import type { ISchema } from "./protos.ts";

/** How a topic's messages are encoded. */
export type Encoding = "JSON" | "BINARY";

/** An encoding as a request names it, by number or by name; JSON where none is named. */
export const encodingOf = (wire: unknown): Encoding => (wire === 2 || wire === "BINARY" ? "BINARY" : "JSON");

/** One revision of a schema, ready to judge messages. */
export interface SchemaRevision {
  readonly config: ISchema;
  readonly revisionId: string;
  /** Whether the bytes are exactly one record of this revision. */
  readonly accepts: (data: Uint8Array, encoding: Encoding) => boolean;
}

/**
 * Compiles one revision. Its id is the start of the definition's SHA-256: the same text has the same id on every
 * endpoint (the service's own ids are arbitrary).
 * @throws PubsubError INVALID_ARGUMENT when the definition is no Avro; UNIMPLEMENTED for protocol buffers
 */
export function compileRevision(schema: ISchema, createdAt: google.protobuf.ITimestamp): SchemaRevision {
  if (!["AVRO", "2"].includes(String(schema.type))) throw unimplemented("A schema other than Avro");
  const definition = schema.definition ?? "";
  const type = parseDefinition(definition);
  const revisionId = createHash("sha256").update(definition).digest("hex").slice(0, 8);
  return {
    config: { ...schema, revisionId, revisionCreateTime: createdAt },
    revisionId,
    accepts: (data, encoding) =>
      encoding === "BINARY" ? acceptsBinary(type, data) : acceptsJson(type, data),
  };
}

function parseDefinition(definition: string): avro.Type {
  try {
    return avro.Type.forSchema(JSON.parse(definition) as avro.Schema);
  } catch (error) {
    throw invalidArgument(
      `Invalid schema definition: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function acceptsBinary(type: avro.Type, data: Uint8Array): boolean {
  try {
    // Also false for bytes left over, and when the record ends early.
    type.fromBuffer(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    return true;
  } catch {
    return false;
  }
}

function acceptsJson(type: avro.Type, data: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    const record = type.fromString(text) as unknown;
    // avsc ignores fields that the schema doesn't name; the service refuses them.
    return holdsAllOf(JSON.parse(type.toString(record)), JSON.parse(text));
  } catch {
    return false;
  }
}

/** Whether every field of `given` is in `kept`, at any depth. */
function holdsAllOf(kept: unknown, given: unknown): boolean {
  if (typeof given !== "object" || given === null) return true;
  if (typeof kept !== "object" || kept === null) return false;
  const fields = kept as Record<string, unknown>;
  return Object.entries(given).every(
    ([name, value]) => Object.hasOwn(fields, name) && holdsAllOf(fields[name], value),
  );
}

/** The schemas of an endpoint, each with its revisions, oldest first. */
export class SchemaRegistry {
  readonly #schemas = new Map<string, SchemaRevision[]>();

  has(name: string): boolean {
    return this.#schemas.has(name);
  }

  /** Adds a revision; one with the same definition takes the place of the older. */
  add(name: string, revision: SchemaRevision): void {
    const others = this.revisions(name).filter((other) => other.revisionId !== revision.revisionId);
    this.#schemas.set(name, [...others, revision]);
  }

  delete(name: string): void {
    this.#schemas.delete(name);
  }

  /** All revisions of a schema, oldest first; none for an unknown name. */
  revisions(name: string): readonly SchemaRevision[] {
    return this.#schemas.get(name) ?? [];
  }

  /**
   * One revision.
   * @param name of the schema, optionally with `@revision`; without, its newest
   * @throws PubsubError NOT_FOUND
   */
  get(name: string): SchemaRevision {
    const [base = "", revisionId] = name.split("@");
    const revisions = this.revisions(base);
    const found = revisionId ? revisions.find((each) => each.revisionId === revisionId) : revisions.at(-1);
    if (!found) throw notFound(name);
    return found;
  }

  /** Every schema's name. */
  names(): string[] {
    return [...this.#schemas.keys()];
  }
}
