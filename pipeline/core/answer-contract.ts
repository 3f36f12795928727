import type { FeatureValue } from "./model.ts";

/** A view's answer about a key as people and programs read it: names and RFC 3339 times. */
export interface AnswerJson {
  readonly view: string;
  readonly version: number;
  readonly entity: Readonly<Record<string, string>>;
  readonly at: string;
  readonly as_of: string | null;
  /** From `as_of` to `at`. */
  readonly age_ms: number | null;
  readonly stale: boolean;
  readonly features: Readonly<Record<string, { readonly value: FeatureValue; readonly status: string }>>;
  /** The row that answered; null where none applies any more. */
  readonly pane: {
    readonly window_end: string;
    readonly seq: number;
    readonly timing: string;
    readonly empty_from: string;
    readonly max_event_time: string;
  } | null;
}
