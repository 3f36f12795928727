import { familyOf } from "../core/cell.ts";
import type { ViewPlan } from "../core/view-plan.ts";

/** When cells may go: those older than the age, and those beyond the newest so many of a column. */
export interface GcRule {
  /** Whole seconds by the cell's timestamp, which is event time; `undefined`: cells don't age. */
  readonly maxAgeS: number | undefined;
  readonly maxVersions: number;
}

/** A column family as it should be. */
export interface BigtableFamily {
  readonly id: string;
  readonly gc: GcRule;
}

/** A table as it should be: plain data, for provisioning here and for the infrastructure program. */
export interface BigtableTable {
  readonly id: string;
  readonly families: readonly BigtableFamily[];
}

/** The one column of a feature row; the value is the packed row. */
export const ROW_QUALIFIER = "row";
/** What the pipeline says of itself, in every table, beside the rows of keys. */
export const CONTROL_FAMILY = "control";
/** The column of `complete_through`. */
export const COMPLETE_THROUGH_QUALIFIER = "complete_through";

const DAY_MS = 86_400_000;
const FEATURE_VERSIONS = 64;

/** The table of an entity: every view of it has a family there, so that one read gets them all. */
export function tableIdOf({ entity }: Pick<ViewPlan, "entity">): string {
  return `features_${entity}`;
}

/**
 * Where a view's `complete_through` stands: in the entity's table, in a row of its own. `~` is no hex digit, so it
 * is never the row of a key.
 */
export function controlRowKeyOf(plan: Pick<ViewPlan, "name" | "version">, generation: number): string {
  return `~${familyOf(plan, generation)}`;
}

/**
 * Tables of a set of views, for one generation: the families of other generations stay beside them.
 *
 * A cell may go a day after the last instant that could ask for it: an answer looks back by the longest size, and
 * late panes come up to the allowed lateness after their window.
 */
export function bigtableLayout(plans: readonly ViewPlan[], generation: number): BigtableTable[] {
  const tables = new Map<string, BigtableFamily[]>();
  for (const plan of plans) {
    const families = tables.get(tableIdOf(plan)) ?? [
      { id: CONTROL_FAMILY, gc: { maxAgeS: undefined, maxVersions: 1 } },
    ];
    const maxAgeMs = plan.longestMs + plan.allowedLatenessMs + DAY_MS;
    families.push({
      id: familyOf(plan, generation),
      gc: { maxAgeS: Math.ceil(maxAgeMs / 1000), maxVersions: FEATURE_VERSIONS },
    });
    tables.set(tableIdOf(plan), families);
  }
  return [...tables].map(([id, families]) => ({ id, families }));
}
