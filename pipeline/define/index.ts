/** The feature language: what a file under `features/` is written with. */
export type { Aggregators, Feature, FeatureKind, FeatureOptions } from "./aggregators.ts";
export { defineEntity, type EntityDefinition } from "./entity.ts";
export { DefinitionError, type DefinitionErrorCode, type DefinitionPlace } from "./errors.ts";
export { defineEvent, type EventDefinition, type EventOptions } from "./event.ts";
export {
  defineFeatureView,
  type ColumnsOf,
  type FeatureView,
  type FeatureViewOptions,
} from "./feature-view.ts";
export {
  defineFeatureService,
  type FeatureService,
  type FeatureServiceOptions,
  type OnDemand,
} from "./feature-service.ts";
export { prefixed, type PrefixedView } from "./prefixed.ts";
export { defineRegistry, type Registry } from "./registry.ts";
export { defineServices, type Services } from "./services.ts";
export type { WindowPolicy } from "./window.ts";
