import { formatDuration } from "./duration.ts";
import { hash53 } from "./hash.ts";
import type { ViewPlan } from "./view-plan.ts";

/**
 * What the stored state of a view's version is laid out by, as plain JSON. A shard's log holds partials of every
 * feature in the order of the features, sliced by the slide, for as long as the longest size: state that was written
 * by one layout can't be read by another.
 */
export interface ViewLayout {
  readonly slideMs: number;
  readonly shards: number;
  readonly features: readonly FeatureLayout[];
}

interface FeatureLayout {
  readonly name: string;
  /** The aggregation's stable name: `sum`, `distinct:1000`. */
  readonly aggregation: string;
  readonly sizesMs: readonly number[];
}

/** The layout of a view as it is defined now. */
export function layoutOf({ slideMs, shards, features }: ViewPlan): ViewLayout {
  return {
    slideMs,
    shards,
    features: features.map(({ name, aggregation, sizesMs }) => ({
      name,
      aggregation: aggregation.name,
      sizesMs,
    })),
  };
}

const marks = new WeakMap<ViewPlan, number>();

/** 32 bits that tell a layout from others. Stored state carries them, so that no other layout misreads it. */
export function layoutMark(plan: ViewPlan): number {
  let mark = marks.get(plan);
  if (mark === undefined) marks.set(plan, (mark = hash53(JSON.stringify(layoutOf(plan))) | 0));
  return mark;
}

/**
 * What differs between two layouts of one version, in words: `feature spend over 30m is now over 30m, 1h`. Nothing
 * where one reads what the other wrote.
 */
export function layoutChanges(before: ViewLayout, after: ViewLayout): string[] {
  const changes: string[] = [];
  if (before.slideMs !== after.slideMs) {
    changes.push(`slide ${formatDuration(before.slideMs)} is now ${formatDuration(after.slideMs)}`);
  }
  if (before.shards !== after.shards) changes.push(`${before.shards} shards are now ${after.shards}`);
  const now = new Map(after.features.map((feature) => [feature.name, feature]));
  const then = new Map(before.features.map((feature) => [feature.name, feature]));
  for (const feature of before.features) {
    const other = now.get(feature.name);
    if (other === undefined) changes.push(`feature ${feature.name} is gone`);
    else if (describe(feature) !== describe(other)) {
      changes.push(`feature ${feature.name} was ${describe(feature)}, is now ${describe(other)}`);
    }
  }
  for (const { name } of after.features) if (!then.has(name)) changes.push(`feature ${name} is new`);
  if (changes.length === 0 && names(before) !== names(after)) {
    changes.push(`the features' order was ${names(before)}, is now ${names(after)}`);
  }
  return changes;
}

function describe({ aggregation, sizesMs }: FeatureLayout): string {
  return `${aggregation} over ${sizesMs.map(formatDuration).join(", ")}`;
}

function names({ features }: ViewLayout): string {
  return features.map(({ name }) => name).join(", ");
}
