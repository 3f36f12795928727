import type { EventPlan } from "../core/event-plan.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";
import type { FeatureView } from "./feature-view.ts";

/** All feature views of a deployment; everything else derives from it: graph, tables, families, contracts. */
export interface Registry<Views extends readonly FeatureView[] = readonly FeatureView[]> {
  readonly views: Views;
  /** In the order of the views. */
  readonly plans: readonly ViewPlan[];
  /** The events that the views are made of, each once. */
  readonly events: readonly EventPlan[];
  /**
   * Looks a view up.
   * @param [version] the newest when left out
   * @throws DefinitionError `unknown_view`
   */
  plan(name: string, version?: number): ViewPlan;
  /**
   * Looks an event up.
   * @throws DefinitionError `unknown_view` when no view is made of it
   */
  event(name: string): EventPlan;
}

/**
 * Puts views together and checks them against each other.
 *
 *     export const features = defineRegistry([userPurchases, itemActivity]);
 *
 * @throws DefinitionError
 */
export function defineRegistry<const Views extends readonly FeatureView[]>(views: Views): Registry<Views> {
  checkViews(views);
  const plans = views.map((view) => view.plan);
  const events = [...new Set(views.map((view) => view.event))];

  return {
    views,
    plans,
    events,
    plan(name, version) {
      const named = plans.filter((plan) => plan.name === name && (version ?? plan.version) === plan.version);
      const [newest] = named.sort((a, b) => b.version - a.version);
      return (
        newest ?? unknown("views", version === undefined ? name : `${name} v${version}`, plans.map(label))
      );
    },
    event(name) {
      const found = events.find((event) => event.name === name);
      return (
        found ??
        unknown(
          "events",
          name,
          events.map((event) => event.name),
        )
      );
    },
  };
}

function checkViews(views: readonly FeatureView[]): void {
  const byName = new Map<string, FeatureView>();
  const byEntity = new Map<string, FeatureView>();
  const byEvent = new Map<string, FeatureView>();
  const byColumn = new Map<string, FeatureView>();
  for (const view of views) {
    const { plan, event, entity } = view;
    const place = (field: string): DefinitionPlace => ({ kind: "feature view", name: view.name, field });
    if (claim(byName, label(plan), view) !== view) {
      throw new DefinitionError(
        "duplicate_view",
        place("version"),
        plan.version,
        "the registry has it already",
      );
    }
    const sameEntity = claim(byEntity, entity.name, view);
    if (sameEntity.entity.key !== entity.key) {
      const problem = `${sameEntity.name} has an entity ${entity.name} with the key ${sameEntity.entity.key}`;
      throw new DefinitionError("entity_conflict", place("entity"), entity.key, problem);
    }
    const sameEvent = claim(byEvent, event.name, view);
    if (sameEvent.event !== event) {
      const problem = `${sameEvent.name} has another event of that name: define an event once and import it`;
      throw new DefinitionError("event_conflict", place("source"), event.name, problem);
    }
    for (const { name } of plan.columns) {
      const owner = claim(byColumn, `${entity.name}.${name}`, view);
      if (owner.name !== view.name) {
        const problem = `${owner.name} gives entity ${entity.name} a column of that name already`;
        throw new DefinitionError("duplicate_column", place("features"), name, problem);
      }
    }
  }
}

/** Who had the name first: the view itself, if nobody had. */
function claim(owners: Map<string, FeatureView>, name: string, view: FeatureView): FeatureView {
  const owner = owners.get(name);
  if (owner === undefined) owners.set(name, view);
  return owner ?? view;
}

function label({ name, version }: ViewPlan): string {
  return `${name} v${version}`;
}

function unknown(field: "views" | "events", name: string, known: readonly string[]): never {
  const place: DefinitionPlace = { kind: "registry", name: "features", field };
  throw new DefinitionError("unknown_view", place, name, `there are ${known.join(", ") || "none"}`);
}
