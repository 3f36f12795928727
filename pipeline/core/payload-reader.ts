import type { EventPlan, SchemaRevision } from "./event-plan.ts";
import { FreshetError } from "./errors.ts";
import type { PubsubMessage } from "./model.ts";
import type { Fields } from "./record-check.ts";
import { Refusal, revisionReader } from "./revision-reader.ts";

/**
 * Attributes that Pub/Sub puts on the messages of a topic with a schema; producers may set them too.
 * @see https://cloud.google.com/pubsub/docs/schemas
 */
export const SCHEMA_ATTRIBUTES = {
  /** `JSON` or `BINARY`. @default JSON */
  encoding: "googclient_schemaencoding",
  /** A revision's id or alias. @default the newest */
  revision: "googclient_schemarevisionid",
} as const;

/** How to read payloads, where it isn't the event's own business. */
export interface PayloadOptions {
  /**
   * Ids that Pub/Sub gave to revisions when they were committed, and the revisions they stand for.
   * @default {}
   * @example { "a1b2c3d4": "1" }
   */
  readonly revisionAliases?: Readonly<Record<string, string>>;
  /** Longest payload in bytes. @default 1 MiB */
  readonly maxMessageBytes?: number;
}

/** Thrown when a revision's alias stands for no revision of the event. */
export class RevisionAliasError extends FreshetError {
  constructor(event: string, alias: string, revision: string, known: readonly string[]) {
    super(
      "revision_alias",
      `revision alias "${alias}" of ${event} stands for "${revision}": there are ${known.join(", ")}`,
      { event, alias, revision },
    );
  }
}

/**
 * Builds what turns a message's bytes into the newest revision's record: size first, then encoding, revision and
 * the schema itself.
 * @throws EventSchemaError when the newest revision can't read an older one
 * @throws RevisionAliasError
 */
export function payloadReader(
  plan: EventPlan,
  { revisionAliases = {}, maxMessageBytes = 2 ** 20 }: PayloadOptions,
): (message: PubsubMessage) => Fields | Refusal {
  // Every event has a revision: `define/` sees to it.
  const newest = plan.revisions.at(-1) as SchemaRevision;
  const readers = new Map(plan.revisions.map((revision) => [revision.id, revisionReader(revision, newest)]));
  for (const [alias, revision] of Object.entries(revisionAliases)) {
    const reader = readers.get(revision);
    if (reader === undefined) throw new RevisionAliasError(plan.name, alias, revision, [...readers.keys()]);
    readers.set(alias, reader);
  }

  return function read({ data, attributes }) {
    if (data.length > maxMessageBytes) {
      return new Refusal(
        "message_too_large",
        `the message has ${data.length} bytes: at most ${maxMessageBytes}`,
      );
    }
    const encoding = attributes[SCHEMA_ATTRIBUTES.encoding] ?? "JSON";
    if (encoding !== "JSON" && encoding !== "BINARY") {
      return refusedAttribute("unknown_encoding", SCHEMA_ATTRIBUTES.encoding, encoding, ["JSON", "BINARY"]);
    }
    const revision = attributes[SCHEMA_ATTRIBUTES.revision] ?? newest.id;
    const reader = readers.get(revision);
    if (reader === undefined) {
      return refusedAttribute("unknown_revision", SCHEMA_ATTRIBUTES.revision, revision, [...readers.keys()]);
    }
    return encoding === "JSON" ? reader.json(data) : reader.binary(data);
  };
}

function refusedAttribute(
  reason: "unknown_encoding" | "unknown_revision",
  attribute: string,
  value: string,
  known: readonly string[],
): Refusal {
  const detail = `attribute ${attribute} is ${JSON.stringify(value.slice(0, 60))}: known are ${known.join(", ")}`;
  return new Refusal(reason, detail, attribute, value);
}
