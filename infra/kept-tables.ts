import { FreshetError } from "../pipeline/core/errors.ts";
import type { ViewPlan } from "../pipeline/core/view-plan.ts";
import {
  bigtableLayout,
  type BigtableFamily,
  type BigtableTable,
} from "../pipeline/stores/bigtable-layout.ts";

/** Generations whose families a stack keeps, both ends included. */
export interface Generations {
  readonly oldest: number;
  /** The one that the job writes. */
  readonly newest: number;
}

/** Thrown when a table would have more families than Bigtable is good with. */
export class TooManyFamiliesError extends FreshetError {
  constructor(table: string, families: number) {
    super(
      "too_many_families",
      `Bigtable's table ${table} would have ${families} column families, of every version and generation so far, ` +
        `but ${MOST_FAMILIES} are what Bigtable advises: drop old generations (freshet:oldestGeneration), or give ` +
        "the view a new name at version 1",
      { table, families },
    );
  }
}

/** @see https://cloud.google.com/bigtable/docs/schema-design#column-families */
const MOST_FAMILIES = 100;

/**
 * The tables of a deployment: families of the views as they are, and of every version and generation before them.
 *
 * Families are only ever added. While a changed job takes over, the old one still writes its own; a rollback finds
 * it; and Bigtable refuses to drop one of a protected table. An old family costs nothing: garbage collection has
 * emptied it a day after its last window.
 *
 *     user_purchases at version 2, generations 0 to 1:   v1.g0  v2.g0  v1.g1  v2.g1
 *
 * @throws TooManyFamiliesError
 */
export function keptTables(plans: readonly ViewPlan[], { oldest, newest }: Generations): BigtableTable[] {
  const versions = allVersions(plans);
  const tables = new Map<string, Map<string, BigtableFamily>>();
  for (let generation = oldest; generation <= newest; generation++) {
    for (const { id, families } of bigtableLayout(versions, generation)) {
      const kept = tables.get(id) ?? new Map<string, BigtableFamily>();
      for (const family of families) kept.set(family.id, family);
      if (kept.size > MOST_FAMILIES) throw new TooManyFamiliesError(id, kept.size);
      tables.set(id, kept);
    }
  }
  return [...tables].map(([id, families]) => ({ id, families: [...families.values()] }));
}

/** Each view in all its versions up to the newest; a version that is no longer defined is collected as its next one. */
function allVersions(plans: readonly ViewPlan[]): ViewPlan[] {
  const defined = new Map(plans.map((plan) => [`${plan.name} ${plan.version}`, plan]));
  for (const plan of [...plans].sort((a, b) => b.version - a.version)) {
    for (let version = plan.version - 1; version >= 1; version--) {
      const label = `${plan.name} ${version}`;
      const next = defined.get(`${plan.name} ${version + 1}`) ?? plan;
      if (!defined.has(label)) defined.set(label, { ...next, version });
    }
  }
  return [...defined.values()];
}
