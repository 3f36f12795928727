import { readEventRecord, type EventField, type EventRecord, type FieldKind } from "../core/avro-schema.ts";
import type { Duration } from "../core/duration.ts";
import type { EventPlan, EventSchema } from "../core/event-plan.ts";
import { checkName, readDuration } from "./checks.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";
import type { FieldsOf } from "./types.ts";

/** What an event's definition says. */
export interface EventOptions<E, Key extends FieldsOf<E, string>> {
  /** snake_case; names the raw archive's table and, by convention, the topic. */
  readonly name: string;
  /** Generated from `schemas/<event>/`. */
  readonly schema: EventSchema<E>;
  /** Unique for each thing that happened: duplicates are told by it. */
  readonly eventId: FieldsOf<E, string>;
  /** When it happened: a `timestamp-millis` of the schema. */
  readonly eventTime: FieldsOf<E, number>;
  /**
   * Fields that must not be empty: every entity's key has to be among them. A message where one is empty is a dead
   * letter.
   */
  readonly nonEmpty: readonly Key[];
  /**
   * How far a producer's clock may run ahead of the publish time. Within it the event counts as of its publish.
   * @default "1m"
   */
  readonly maxClockSkew?: Duration;
}

/** An event that feature views can be made of. */
export interface EventDefinition<E = unknown, Key extends string = string> {
  readonly name: string;
  /** Its newest revision. */
  readonly record: EventRecord;
  readonly plan: EventPlan;
  /** In the types only. */
  readonly $event?: E;
  /** In the types only. */
  readonly $key?: Key;
}

const MAX_NAME_LENGTH = 40;

/**
 * Defines an event: which of its schema's fields mean what.
 *
 *     defineEvent({
 *       name: "shop_event", schema: shopEvent,
 *       eventId: "event_id", eventTime: "occurred_at", nonEmpty: ["user_id", "item_id"],
 *     })
 *
 * @throws DefinitionError for what the types don't show
 * @throws EventSchemaError when the newest revision is no flat record
 */
export function defineEvent<E, const Key extends FieldsOf<E, string>>(
  options: EventOptions<E, Key>,
): EventDefinition<E, Key> {
  const { name, schema, eventId, eventTime, nonEmpty, maxClockSkew = "1m" } = options;
  const at = (field: string): DefinitionPlace => ({ kind: "event", name, field });
  checkName(at("name"), name, MAX_NAME_LENGTH);
  const newest = schema.revisions.at(-1);
  if (newest === undefined) {
    throw new DefinitionError("no_revisions", at("schema"), schema.name, "it must hold a revision at least");
  }
  const record = readEventRecord(newest.avro);
  const keyFields: string[] = [...new Set<string>([eventId, ...nonEmpty])];
  for (const field of keyFields) {
    const place = at(field === eventId ? "eventId" : "nonEmpty");
    requireField(record, field, place, (kind) => kind === "string" || kind === "enum", "a string");
  }
  const time = requireField(
    record,
    eventTime,
    at("eventTime"),
    (kind) => kind === "long",
    "a timestamp-millis",
  );
  if (!time.isTimestamp) {
    throw new DefinitionError(
      "wrong_field_type",
      at("eventTime"),
      eventTime,
      "it must be a timestamp-millis",
    );
  }
  const maxClockSkewMs = readDuration(at("maxClockSkew"), maxClockSkew);
  return {
    name,
    record,
    plan: {
      name,
      revisions: schema.revisions,
      eventIdField: eventId,
      eventTimeField: eventTime,
      keyFields,
      maxClockSkewMs,
    },
  };
}

/**
 * Looks up a field that a definition names.
 * @param expected what it must be, for the message
 * @throws DefinitionError `unknown_field`, `wrong_field_type`
 */
export function requireField(
  record: EventRecord,
  name: string,
  place: DefinitionPlace,
  fits: (kind: FieldKind) => boolean,
  expected: string,
): EventField {
  const field = record.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const known = record.fields.map((candidate) => candidate.name).join(", ");
    throw new DefinitionError("unknown_field", place, name, `${record.name} has the fields ${known}`);
  }
  if (!fits(field.kind)) {
    throw new DefinitionError(
      "wrong_field_type",
      place,
      name,
      `it is of type ${field.kind}: it must be ${expected}`,
    );
  }
  return field;
}
