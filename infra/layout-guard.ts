import * as pulumi from "@pulumi/pulumi";
import { FreshetError } from "../pipeline/core/errors.ts";
import { layoutChanges, layoutOf, type ViewLayout } from "../pipeline/core/view-layout.ts";
import type { ViewPlan } from "../pipeline/core/view-plan.ts";

/** Layouts by view and version: `user_purchases v1`. */
export type Layouts = Readonly<Record<string, ViewLayout>>;

/** Thrown when a job would be replaced by one that can't read its state, since a view changed and its version didn't. */
export class LayoutChangedError extends FreshetError {
  /** @param changes by view and version, in words */
  constructor(changes: Readonly<Record<string, readonly string[]>>) {
    const list = Object.entries(changes).map(([view, words]) => `  ${view}: ${words.join("; ")}`);
    super(
      "layout_changed",
      "the job would refuse the state of the one that it replaces, since views changed and their versions did not:\n" +
        `${list.join("\n")}\nraise their versions (pipeline/features/), or take the change back`,
      { changes },
    );
  }
}

/** The layouts of views as they are defined now. */
export function layoutsOf(plans: readonly ViewPlan[]): Layouts {
  return Object.fromEntries(plans.map((plan) => [`${plan.name} v${plan.version}`, layoutOf(plan)]));
}

/**
 * Compares what the last job was laid out by with what the next would be. A view or version that only one of them has
 * is no change.
 * @throws LayoutChangedError
 */
export function checkLayouts(before: Layouts, after: Layouts): void {
  const changes = Object.entries(before).flatMap(([view, layout]) => {
    const now = Object.hasOwn(after, view) ? after[view] : undefined;
    const words = now === undefined ? [] : layoutChanges(layout, now);
    return words.length === 0 ? [] : [[view, words] as const];
  });
  if (changes.length > 0) throw new LayoutChangedError(Object.fromEntries(changes));
}

/**
 * Keeps the layouts in Pulumi's state, and refuses a change of them that {@link checkLayouts} refuses: in a preview
 * already. A state that has none yet lets everything pass.
 * @param hasEngine whether Pulumi's engine runs the program: without it nobody calls hooks, and its mocks hang at one
 */
export function layoutGuard(
  layouts: Layouts,
  hasEngine: boolean,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const layoutsIn = (inputs: Record<string, unknown> | undefined) => (inputs?.["input"] ?? {}) as Layouts;
  const check = ({ oldInputs, newInputs }: pulumi.ResourceHookArgs) =>
    checkLayouts(layoutsIn(oldInputs), layoutsIn(newInputs));
  const hooks = hasEngine
    ? { beforeUpdate: [new pulumi.ResourceHook("same layouts", check, { onDryRun: true })] }
    : {};
  return new pulumi.Stash("layouts", { input: layouts }, { ...opts, hooks });
}
