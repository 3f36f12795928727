import type { ColumnPlan, ViewPlan } from "../core/view-plan.ts";
import { StoreConfigError } from "./errors.ts";

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

/** A logical view over a table. */
export interface BigqueryView {
  readonly id: string;
  readonly description: string;
  /** Standard SQL. */
  readonly query: string;
}

/** Everything that the registry's views need in one data set. */
export interface BigqueryLayout {
  readonly tables: readonly BigqueryTable[];
  readonly views: readonly BigqueryView[];
}

export const LATE_EVENTS = "late_events";
export const DEAD_LETTERS = "dead_letters";
export const COMPLETE_THROUGH = "complete_through";

/** The append-only table of a view's version: every pane that was ever readable. */
export function featureTableId({ name, version }: Pick<ViewPlan, "name" | "version">): string {
  return `${name}_v${version}`;
}

/** The raw archive of an event's topic: what backfill and replay read. */
export function rawTableId(event: string): string {
  return `raw_${event}`;
}

/**
 * Tables and views of a set of feature views.
 * @param active the generation that the views `<name>` show: switching it switches them
 * @throws StoreConfigError where two of them, or two columns of one, would have one name
 */
export function bigqueryLayout(
  plans: readonly ViewPlan[],
  dataset: { readonly project: string; readonly dataset: string },
  active: number,
): BigqueryLayout {
  const newest = new Map<string, ViewPlan>();
  for (const plan of plans) {
    if (plan.version > (newest.get(plan.name)?.version ?? 0)) newest.set(plan.name, plan);
  }
  const sources = [...new Set(plans.map((plan) => plan.source))];
  const layout = {
    tables: [...plans.map(featureTable), lateEvents, deadLetters, completeThrough, ...sources.map(rawTable)],
    views: [...newest.values()].map((plan) => finalRows(plan, dataset, active)),
  };
  refuseRepeats(
    "the data set",
    [...layout.tables, ...layout.views].map(({ id }) => id),
  );
  for (const table of layout.tables)
    refuseRepeats(
      `table ${table.id}`,
      table.fields.map(({ name }) => name),
    );
  return layout;
}

const field = (
  name: string,
  type: BigqueryField["type"],
  description: string,
  mode: BigqueryField["mode"] = "REQUIRED",
): BigqueryField => ({ name, type, mode, description });

function featureTable(plan: ViewPlan): BigqueryTable {
  return {
    id: featureTableId(plan),
    description: `Panes of ${plan.name} version ${plan.version}, append-only; view ${plan.name} has the last of each window.`,
    fields: [
      field(plan.keyField, "STRING", `The ${plan.entity}.`),
      field("window_end", "TIMESTAMP", "End of the window (exclusive)."),
      ...plan.columns.map((column) => featureField(plan, column)),
      field(
        "seq",
        "INT64",
        "Events in the longest window: of two panes of one window, the greater is the newer.",
      ),
      field("timing", "STRING", "EARLY, ON_TIME or LATE: when the pane left, by the watermark."),
      field("max_event_time", "TIMESTAMP", "Newest event time in the pane."),
      field("max_publish_time", "TIMESTAMP", "Newest publish time in the pane."),
      field(
        "empty_from",
        "TIMESTAMP",
        "First window end that holds none of the pane's events: it says nothing from there on.",
      ),
      field("available_at", "TIMESTAMP", "The pane was readable online at this time, or a little before."),
      field("generation", "INT64", "The run of the pipeline that wrote it."),
      field("origin", "STRING", "stream or backfill."),
    ],
    partitionField: "window_end",
    clusterFields: [plan.keyField],
  };
}

function featureField(plan: ViewPlan, { name, type, feature, sizeMs }: ColumnPlan): BigqueryField {
  const { name: featureName = name, aggregation } = plan.features[feature] ?? {};
  const description = `${aggregation?.name ?? "feature"} ${featureName} over ${sizeMs / 1000} s.`;
  return field(name, type, description, "NULLABLE");
}

/** The last pane of each (key, window): the greatest (seq, available_at), whatever order the rows came in. */
function finalRows(
  plan: ViewPlan,
  { project, dataset }: { readonly project: string; readonly dataset: string },
  generation: number,
): BigqueryView {
  return {
    id: plan.name,
    description: `The last pane of each (${plan.keyField}, window_end) of ${featureTableId(plan)}, generation ${generation}.`,
    query: [
      `SELECT * FROM \`${project}.${dataset}.${featureTableId(plan)}\``,
      `WHERE generation = ${generation}`,
      `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${plan.keyField}, window_end ORDER BY seq DESC, available_at DESC) = 1`,
    ].join("\n"),
  };
}

const lateEvents: BigqueryTable = {
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

const deadLetters: BigqueryTable = {
  id: DEAD_LETTERS,
  description: "Messages that could not be used, and rows that a store refused.",
  fields: [
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

const completeThrough: BigqueryTable = {
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
function rawTable(event: string): BigqueryTable {
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

function refuseRepeats(where: string, names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated === undefined) return;
  throw new StoreConfigError(
    `${where} would have two things named "${repeated}"; rename the view or the feature`,
    {
      store: "BigQuery",
      name: repeated,
    },
  );
}
