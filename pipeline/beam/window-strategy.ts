import type { EventRow, FeatureRow, LateEvent } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { Collection, Graph } from "./beam.ts";
import type { ShardEvents } from "./slices.ts";

/**
 * When early rows leave: a while after a change, by a timer of the clock; at once, a row an event, where a run must not
 * depend on the clock; or never, as in a bounded run, where they would leave at the moment's whim.
 */
export type EarlyRows = boolean | "at once";

export interface WindowsOptions {
  readonly early: EarlyRows;
  /** Whether each applied event leaves with its row, strategy `timers` only. @default false */
  readonly eachEvent?: boolean;
}

/** The rows of a view's sliding windows. */
export type WindowRows = Collection<FeatureRow> & {
  readonly tags: {
    /** Events that came after their windows were collected. */
    readonly late: Collection<LateEvent>;
    /** Each applied event with the row that includes it: there where it was asked for. */
    readonly each_event?: Collection<EventRow>;
  };
};

/** What a strategy is: between the same two collections, the same rows once they are carried forward. */
export type Windows = (
  graph: Graph,
  batches: Collection<ShardEvents>,
  plan: ViewPlan,
  options: WindowsOptions,
) => WindowRows;
