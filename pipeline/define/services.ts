import { DefinitionError, type DefinitionPlace } from "./errors.ts";
import type { FeatureService } from "./feature-service.ts";
import type { Registry } from "./registry.ts";

/** All feature services of a deployment: what its server serves. */
export interface Services<All extends readonly FeatureService[] = readonly FeatureService[]> {
  readonly all: All;
  /** The views that the deployment stores. */
  readonly registry: Registry;
  /**
   * Looks a service up.
   * @param [version] the newest when left out
   */
  find(name: string, version?: number): FeatureService | undefined;
}

/**
 * Puts services together and checks them against the views.
 *
 *     export const services = defineServices(features, [fraud, ranking]);
 *
 * @throws DefinitionError
 */
export function defineServices<const All extends readonly FeatureService[]>(
  registry: Registry,
  all: All,
): Services<All> {
  const taken = new Set<string>();
  for (const service of all) {
    const { name, version } = service;
    const at = (field: string): DefinitionPlace => ({ kind: "feature service", name, field });
    const label = `${name} v${version}`;
    if (taken.has(label)) {
      throw new DefinitionError(
        "duplicate_service",
        at("version"),
        version,
        "there is such a service already",
      );
    }
    taken.add(label);
    const missing = service.views.find(({ plan }) => !registry.plans.includes(plan));
    if (missing === undefined) continue;
    const problem = "the registry doesn't have it, so nothing would ever be stored of it: add it there";
    throw new DefinitionError(
      "unregistered_view",
      at("views"),
      `${missing.name} v${missing.version}`,
      problem,
    );
  }
  return {
    all,
    registry,
    find(name, version) {
      const named = all.filter((each) => each.name === name && (version ?? each.version) === each.version);
      return named.sort((a, b) => b.version - a.version)[0];
    },
  };
}
