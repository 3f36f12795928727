/**
 * What flows through the pipeline, as plain data. Times are epoch milliseconds; windows are half-open
 * `[start, end)` and named by their end.
 */

/** A message as Pub/Sub delivered it. */
export interface PubsubMessage {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  readonly publishTimeMs: number;
  readonly orderingKey: string;
}

/** A message that met its schema. `E` is the event's record, by the newest revision. */
export interface DecodedEvent<E = Readonly<Record<string, unknown>>> {
  readonly eventId: string;
  readonly messageId: string;
  /** First publish time: a redriven message keeps the one of its first publish. */
  readonly publishTimeMs: number;
  /** When this delivery was published; equals `publishTimeMs` unless redriven. */
  readonly deliveredTimeMs: number;
  /** Effective event time: `min(raw, publishTimeMs)` when the producer's clock ran ahead (see `clamped`). */
  readonly eventTimeMs: number;
  readonly rawEventTimeMs: number;
  readonly clamped: boolean;
  readonly value: E;
}

/** Why a message joined no feature at all. A closed list: the reasons are a contract with operators. */
export type DeadLetterReason =
  | "malformed" // neither JSON nor Avro of the named encoding
  | "invalid_utf8"
  | "schema_mismatch" // well-formed, but not the schema's record (missing, unknown or mistyped field)
  | "unknown_revision"
  | "unknown_encoding"
  | "empty_key" // an entity key or the event id is empty
  | "key_too_long"
  | "event_time_absurd" // before 2000-01-01, or not a time
  | "event_time_in_future" // further ahead of its publish time than maxClockSkew
  | "message_too_large"
  | "row_rejected"; // a store refused a row for what it holds, not for an outage

/** A message that can't be used, kept whole. */
export interface DeadLetter {
  readonly reason: DeadLetterReason;
  /** One sentence for a person: which field, what it was, what would be right. */
  readonly detail: string;
  readonly message: PubsubMessage;
}

/** A feature's value. `null` is "no value", never "unknown". */
export type FeatureValue = number | string | boolean | null;

export type PaneTiming = "EARLY" | "ON_TIME" | "LATE";

/** One pane of one (view, key, window end): what every store gets. */
export interface FeatureRow {
  readonly view: string;
  readonly version: number;
  readonly key: string;
  readonly windowEndMs: number;
  /** By column, in the order of `ViewPlan.columns`. */
  readonly values: readonly FeatureValue[];
  /** Number of events in the accumulator. Panes of one window are ordered by it. */
  readonly seq: number;
  readonly maxEventTimeMs: number;
  /** Newest first-publish time among the row's events. */
  readonly maxPublishTimeMs: number;
  /** The first window end that holds none of these events: from there on the row says nothing. */
  readonly emptyFromMs: number;
  readonly timing: PaneTiming;
}

/**
 * An applied event with the row that includes it, for inference on each event: the row of the window that ends with the
 * event's slice, `slice + s`, as it is once the event is in it. Of a late event too: what it changed is that window, and
 * its row is not the key's newest then. A duplicate has none.
 */
export interface EventRow {
  /** The event's record is not with it: a view keeps its features' inputs only. */
  readonly event: Pick<DecodedEvent, "eventId" | "messageId" | "eventTimeMs" | "publishTimeMs">;
  /** EARLY while its window is open, LATE once it has fired. */
  readonly row: FeatureRow;
}

/** A row as stored: `availableAtMs` is an upper bound of the moment it could first be read online. */
export interface StoredRow extends FeatureRow {
  readonly availableAtMs: number;
  readonly generation: number;
  readonly origin: "stream" | "backfill";
}

/** An event that joined no window of one view. */
export interface LateEvent {
  readonly view: string;
  readonly reason: "late" | "window_closed";
  readonly key: string;
  readonly event: DecodedEvent;
}
