/** One revision of an event's schema. */
export interface SchemaRevision {
  /** The name of its file: `"1"`. Messages name it in an attribute. */
  readonly id: string;
  /** The parsed Avro schema. */
  readonly avro: unknown;
}

/**
 * The contract with an event's producers, as generated from `schemas/<event>/`.
 * `E` is the newest revision's record; it stands in the types only.
 */
export interface EventSchema<E = unknown> {
  readonly name: string;
  /** Oldest first; the last one is what every event is resolved to. */
  readonly revisions: readonly SchemaRevision[];
  readonly $record?: E;
}

/** An event as decode needs it: which fields mean what. Made by `define/` from a definition. */
export interface EventPlan {
  readonly name: string;
  readonly revisions: readonly SchemaRevision[];
  /** Unique for each thing that happened; a publisher's retry repeats it. */
  readonly eventIdField: string;
  /** An instant, epoch ms. */
  readonly eventTimeField: string;
  /** Fields that must hold a text of 1 to 1,024 bytes; the event id and every entity's key are among them. */
  readonly keyFields: readonly string[];
  /** How far an event time may be ahead of its publish time. @default 1m */
  readonly maxClockSkewMs: number;
}
