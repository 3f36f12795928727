import { FreshetError } from "../core/errors.ts";

/** What can be wrong with a definition beyond what its types show. */
export type DefinitionErrorCode =
  | "bad_name"
  | "bad_version"
  | "bad_duration"
  | "bad_shards"
  | "bad_limit"
  | "slide_too_short"
  | "bad_strategy"
  | "no_features"
  | "no_sizes"
  | "size_below_slide"
  | "size_not_multiple_of_slide"
  | "size_not_canonical"
  | "too_many_slices"
  | "early_not_within_slide"
  | "freshness_too_short"
  | "unknown_field"
  | "wrong_field_type"
  | "key_may_be_empty"
  | "duplicate_column"
  | "no_revisions"
  | "duplicate_view"
  | "entity_conflict"
  | "event_conflict"
  | "unknown_view"
  | "no_views"
  | "unknown_feature"
  | "bad_policy"
  | "bad_request_schema"
  | "duplicate_service"
  | "unregistered_view";

/** Where a definition is wrong. */
export interface DefinitionPlace {
  readonly kind: "feature view" | "feature service" | "event" | "entity" | "registry";
  readonly name: string;
  /** Path of what is wrong within the definition: `window.slide`, `features.spend.over`. */
  readonly field: string;
}

/** Thrown at start when a definition can't work. The message says the value it has and what would be right. */
export class DefinitionError extends FreshetError {
  declare readonly code: DefinitionErrorCode;
  /** The feature view's name; of an event, entity or registry `undefined`. */
  readonly view: string | undefined;
  readonly field: string;

  constructor(code: DefinitionErrorCode, place: DefinitionPlace, value: unknown, problem: string) {
    const { kind, name, field } = place;
    super(code, `${kind} ${name}, ${field} = ${show(value)}: ${problem}`, { ...place, value });
    this.view = kind === "feature view" ? name : undefined;
    this.field = field;
  }
}

function show(value: unknown): string {
  return typeof value === "string" || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
