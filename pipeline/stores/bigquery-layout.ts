import type { ColumnPlan, ViewPlan } from "../core/view-plan.ts";
import { answersAtSql } from "./as-of-sql.ts";
import {
  type BigqueryField,
  type BigqueryTable,
  completeThrough,
  deadLetters,
  field,
  lateEvents,
  rawTable,
} from "./bigquery-tables.ts";
import { StoreConfigError } from "./errors.ts";
import { deadLetterRedrives } from "./redrive-rows.ts";
import { servedVectors } from "./served-rows.ts";

/** A logical view over a table. */
export interface BigqueryView {
  readonly id: string;
  readonly description: string;
  /** Standard SQL. */
  readonly query: string;
}

/** A table function: a query with one parameter. */
export interface BigqueryFunction {
  readonly id: string;
  readonly description: string;
  readonly parameter: { readonly name: string; readonly type: "TIMESTAMP" };
  /** Standard SQL. */
  readonly query: string;
}

/** Everything that the registry's views need in one data set. */
export interface BigqueryLayout {
  readonly tables: readonly BigqueryTable[];
  readonly views: readonly BigqueryView[];
  readonly functions: readonly BigqueryFunction[];
}

/** The append-only table of a view's version: every pane that was ever readable. */
export function featureTableId({ name, version }: Pick<ViewPlan, "name" | "version">): string {
  return `${name}_v${version}`;
}

/**
 * Tables, views and table functions of a set of feature views.
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
    tables: [
      ...plans.map(featureTable),
      lateEvents,
      deadLetters,
      deadLetterRedrives,
      completeThrough,
      servedVectors,
      ...sources.map(rawTable),
    ],
    views: [...newest.values()].map((plan) => finalRows(plan, dataset, active)),
    functions: [...newest.values()].map((plan) => answersAt(plan, dataset, active)),
  };
  refuseRepeats(
    "the data set",
    [...layout.tables, ...layout.views, ...layout.functions].map(({ id }) => id),
  );
  for (const table of layout.tables)
    refuseRepeats(
      `table ${table.id}`,
      table.fields.map(({ name }) => name),
    );
  return layout;
}

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

/** `<name>_at(t)`: what the online store would have answered at `t`, for every key that it has an answer for. */
function answersAt(
  plan: ViewPlan,
  { project, dataset }: { readonly project: string; readonly dataset: string },
  generation: number,
): BigqueryFunction {
  return {
    id: `${plan.name}_at`,
    description: `The features of every ${plan.entity} as the online store would have answered at t, generation ${String(generation)}. A ${plan.entity} that isn't there has every default.`,
    parameter: { name: "t", type: "TIMESTAMP" },
    query: answersAtSql(plan, `\`${project}.${dataset}.${featureTableId(plan)}\``, generation),
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
