import type { Registry } from "../define/index.ts";
import type { ViewPlan } from "../core/view-plan.ts";

/** A view in a DoFn's configuration: JSON; the worker looks the plan up in its own registry. */
export interface ViewRef {
  readonly view: string;
  readonly version: number;
}

export function refTo({ name, version }: ViewPlan): ViewRef {
  return { view: name, version };
}

/** @throws DefinitionError when worker and graph are of different definitions */
export function planOf(registry: Registry, { view, version }: ViewRef): ViewPlan {
  return registry.plan(view, version);
}

/** What the transforms and metrics of a view are named after: a new version is new transforms, with state of their own. */
export function stageOf({ name, version }: Pick<ViewPlan, "name" | "version">): string {
  return `${name}.v${version}`;
}
