import type { ViewPlan } from "../core/view-plan.ts";
import type { FeatureService, Services } from "../define/index.ts";
import { Problem } from "./problem.ts";

/** A name in a URL: `fraud` is the newest version, `fraud@1` the first. */
const NAMED = /^([a-z][a-z0-9_]*)(?:@([1-9]\d{0,4}))?$/;

/**
 * The service that a URL names.
 * @throws Problem `unknown_service`
 */
export function serviceNamed(services: Services, text: string): FeatureService {
  const [, name = "", version] = NAMED.exec(text) ?? [];
  const found = services.find(name, version === undefined ? undefined : Number(version));
  if (found !== undefined) return found;
  throw new Problem("unknown_service", `there are ${listed(services.all)}`, {
    errors: [{ field: "name", detail: "it must name a service: its newest version, or one as in name@1" }],
  });
}

/**
 * The feature view that a URL names.
 * @throws Problem `unknown_view`
 */
export function viewNamed({ registry }: Services, text: string): ViewPlan {
  const [, name = "", version] = NAMED.exec(text) ?? [];
  const named = registry.plans.filter(
    (plan) => plan.name === name && (!version || plan.version === Number(version)),
  );
  const [newest] = named.sort((a, b) => b.version - a.version);
  if (newest !== undefined) return newest;
  throw new Problem("unknown_view", `there are ${listed(registry.plans)}`, {
    errors: [
      { field: "name", detail: "it must name a feature view: its newest version, or one as in name@1" },
    ],
  });
}

function listed(all: readonly { readonly name: string; readonly version: number }[]): string {
  return all.map(({ name, version }) => `${name}@${String(version)}`).join(", ") || "none";
}
