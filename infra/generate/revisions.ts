import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { EventSchemaError, readEventRecord } from "../../pipeline/core/avro-schema.ts";
import { messageOf } from "../../pipeline/core/error-message.ts";
import type { SchemaRevision } from "../../pipeline/core/event-plan.ts";
import { revisionReader } from "../../pipeline/core/revision-reader.ts";

const REVISION_FILE = /^[1-9]\d*\.avsc$/;

/**
 * Reads the revisions of one event, oldest first.
 * @param dir the event's folder: one `.avsc` per revision, named 1, 2, 3, …
 * @returns at least one
 * @throws EventSchemaError for a schema that is none, or that the newest one can't read
 */
export function readRevisions(dir: string): [SchemaRevision, ...SchemaRevision[]] {
  const event = basename(dir);
  const files = readdirSync(dir);
  const stray = files.find((file) => !REVISION_FILE.test(file));
  if (stray !== undefined) {
    throw new EventSchemaError(
      `schemas/${event}/${stray}: files here are revisions, named 1.avsc, 2.avsc, …`,
    );
  }
  const [oldest, ...rest] = files
    .map((file) => basename(file, ".avsc"))
    .sort((a, b) => Number(a) - Number(b))
    .map((id) => readRevision(dir, id));
  if (oldest === undefined) throw new EventSchemaError(`schemas/${event} holds no revision: add 1.avsc`);
  const newest = rest.at(-1) ?? oldest;
  for (const revision of [oldest, ...rest])
    inFile(event, revision.id, () => revisionReader(revision, newest));
  return [oldest, ...rest];
}

function readRevision(dir: string, id: string): SchemaRevision {
  const text = readFileSync(join(dir, `${id}.avsc`), "utf8");
  return inFile(basename(dir), id, () => {
    const avro = parseJson(text);
    readEventRecord(avro);
    return { id, avro };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EventSchemaError(`it is not JSON: ${messageOf(error)}`);
  }
}

/** Puts the file's name before what is wrong with it. */
function inFile<T>(event: string, id: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EventSchemaError)) throw error;
    throw new EventSchemaError(`schemas/${event}/${id}.avsc: ${error.message}`, { ...error.fields, event });
  }
}
