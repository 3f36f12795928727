/** A column, in BigQuery's own words. */
export interface BigqueryField {
  readonly name: string;
  readonly type: "STRING" | "BYTES" | "INT64" | "FLOAT64" | "BOOL" | "TIMESTAMP";
  readonly mode: "REQUIRED" | "NULLABLE";
  readonly description: string;
}

/** A table as it should be: plain data, for provisioning here and for the infrastructure program. */
export interface BigqueryTable {
  readonly id: string;
  readonly description: string;
  readonly fields: readonly BigqueryField[];
  /** Partitioned by the day of this column. */
  readonly partitionField: string;
  readonly clusterFields: readonly string[];
}

/** The id of the table of late events. */
export const LATE_EVENTS = "late_events";
/** The id of the table of dead letters. */
export const DEAD_LETTERS = "dead_letters";
/** The id of the table of heartbeats. */
export const COMPLETE_THROUGH = "complete_through";

/** The raw archive of an event's topic: what backfill and replay read. */
export function rawTableId(event: string): string {
  return `raw_${event}`;
}

/** A column; REQUIRED unless said otherwise. */
export const field = (
  name: string,
  type: BigqueryField["type"],
  description: string,
  mode: BigqueryField["mode"] = "REQUIRED",
): BigqueryField => ({ name, type, mode, description });

/** Events that joined no window. */
export const lateEvents: BigqueryTable = {
  id: LATE_EVENTS,
  description: "Events that joined no window of a view.",
  fields: [
    field("view", "STRING", "The feature view that left it out."),
    field("reason", "STRING", "late: beyond the allowed lateness; window_closed: its slices are gone."),
    field("entity_key", "STRING", "The entity's key."),
    field("event_id", "STRING", "The producer's id."),
    field("message_id", "STRING", "Pub/Sub's id of its first publish."),
    field("publish_time", "TIMESTAMP", "Its first publish."),
    field("delivered_time", "TIMESTAMP", "This publish; differs from publish_time only when redriven."),
    field("event_time", "TIMESTAMP", "Effective event time."),
    field("raw_event_time", "TIMESTAMP", "As the producer wrote it."),
    field("event", "STRING", "The event, as JSON of the schema's newest revision."),
    field("generation", "INT64", "The run of the pipeline that wrote it."),
  ],
  // By publish time, since BigQuery refuses streamed rows for partitions ten years back, and event times can be.
  partitionField: "publish_time",
  clusterFields: ["view"],
};

/** Messages that could not be used. */
export const deadLetters: BigqueryTable = {
  id: DEAD_LETTERS,
  description: "Messages that could not be used, and rows that a store refused.",
  fields: [
    field("event", "STRING", "The event whose topic it came from, or whose view's row it is."),
    field("reason", "STRING", "Why, from a closed list."),
    field("detail", "STRING", "Why, for a person."),
    field("message_id", "STRING", "Pub/Sub's id."),
    field("publish_time", "TIMESTAMP", "When it was published."),
    field("ordering_key", "STRING", "Pub/Sub's ordering key, or empty."),
    field("attributes", "STRING", "The message's attributes, a JSON object."),
    field("data", "BYTES", "The payload as it came; the first mebibyte of a larger one."),
    field("data_size", "INT64", "Bytes of the whole payload."),
    field(
      "truncated",
      "BOOL",
      "Whether data is shorter than data_size: the dead-letter topic has the whole.",
    ),
    field("generation", "INT64", "The run of the pipeline that wrote it."),
  ],
  partitionField: "publish_time",
  clusterFields: ["reason"],
};

/** Heartbeats. */
export const completeThrough: BigqueryTable = {
  id: COMPLETE_THROUGH,
  description: "Up to which time all on-time rows of a view are readable.",
  fields: [
    field("view", "STRING", "The feature view."),
    field("version", "INT64", "Its version."),
    field("complete_through", "TIMESTAMP", "Every on-time row of a window that ends no later is readable."),
    field("available_at", "TIMESTAMP", "When that was known."),
    field("generation", "INT64", "The run of the pipeline that wrote it."),
  ],
  partitionField: "available_at",
  clusterFields: ["view"],
};

/**
 * The columns that a Pub/Sub BigQuery subscription with metadata writes.
 * @see https://cloud.google.com/pubsub/docs/bigquery#write-metadata
 */
export function rawTable(event: string): BigqueryTable {
  return {
    id: rawTableId(event),
    description: `Every message of ${event} as published, written by a Pub/Sub subscription.`,
    fields: [
      field("subscription_name", "STRING", "The subscription that wrote it.", "NULLABLE"),
      field("message_id", "STRING", "Pub/Sub's id; at-least-once, so it may come twice.", "NULLABLE"),
      field("publish_time", "TIMESTAMP", "When it was published.", "NULLABLE"),
      field("data", "BYTES", "The payload.", "NULLABLE"),
      field("attributes", "STRING", "The message's attributes, a JSON object.", "NULLABLE"),
    ],
    partitionField: "publish_time",
    clusterFields: ["message_id"],
  };
}
