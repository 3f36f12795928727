import type { AnswerJson } from "../answer-contract.ts";
import type { FeatureValue } from "../model.ts";

/* Types alone, so that a page may have them: what makes them stands in `explanation-json.ts`. */

/** A judged event as people and programs read it: names and RFC 3339 times. */
export interface JudgedJson {
  readonly event_id: string;
  /** Pub/Sub's id of its first publish. */
  readonly message_id: string;
  /** `applied`, `late`, `window_closed`, `duplicate` or `filtered`. */
  readonly class: string;
  readonly event_time: string;
  /** As the producer wrote it: later than `event_time` where it was clamped. */
  readonly raw_event_time: string;
  readonly clamped: boolean;
  readonly publish_time: string;
  /** Differs from `publish_time` only when redriven. */
  readonly delivered_time: string;
}

/** A pane, named. */
export interface PaneJson {
  readonly window_end: string;
  readonly seq: number;
  readonly timing: string;
  readonly empty_from: string;
  readonly max_publish_time: string;
  readonly available_at: string | null;
  readonly online: boolean;
  readonly offline: boolean;
  readonly was_readable: boolean;
  readonly chosen: boolean;
  readonly features: Readonly<Record<string, FeatureValue>>;
}

/** An event, and where it went. */
export interface ExplainedEventJson extends JudgedJson {
  readonly in_window: boolean;
  /** That it was published by the instant of the answer. */
  readonly was_published: boolean;
  /** The start of the slice that its event time lies in. */
  readonly slice: string;
  /** Which of `panes` hold it, by their places in that list, ascending. */
  readonly panes: readonly number[];
  readonly first_pane: Pick<PaneJson, "window_end" | "seq" | "timing" | "available_at"> | null;
}

/** An explanation as people and programs read it: names and RFC 3339 times. */
export interface ExplanationJson {
  readonly answer: AnswerJson;
  readonly closed: string;
  readonly current: string;
  readonly complete_through: string | null;
  readonly archive: boolean;
  readonly events: readonly ExplainedEventJson[];
  readonly slices: readonly {
    readonly start: string;
    readonly events: number;
    readonly features: Readonly<Record<string, FeatureValue>>;
  }[];
  readonly panes: readonly PaneJson[];
  readonly columns: readonly {
    readonly name: string;
    readonly value: FeatureValue;
    readonly status: string;
    /** `empty_from − (L − w)`; the default from there on. */
    readonly leaves: string | null;
  }[];
  /** What the archive adds up to in the chosen pane's window. */
  readonly recomputed: {
    readonly seq: number;
    readonly features: Readonly<Record<string, FeatureValue>>;
  } | null;
}
