import type { Registry } from "../define/index.ts";
import { FreshetError } from "../core/errors.ts";
import { layoutChanges, layoutOf, type ViewLayout } from "../core/view-layout.ts";
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

/** Thrown when a worker defines a view otherwise than the graph does: it would misread the view's state. */
export class LayoutMismatchError extends FreshetError {
  constructor(stage: string, changes: readonly string[]) {
    super(
      "layout_mismatch",
      `this worker defines ${stage} otherwise than the job's graph (${changes.join("; ")}): ` +
        "make image and graph from one revision, and raise a view's version with each such change",
      { stage, changes },
    );
  }
}

/** @throws LayoutMismatchError when the graph's layout isn't the one that this worker's definitions give */
export function checkLayout(plan: ViewPlan, graphs: ViewLayout): void {
  const changes = layoutChanges(graphs, layoutOf(plan));
  if (changes.length > 0) throw new LayoutMismatchError(stageOf(plan), changes);
}
