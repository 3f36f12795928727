import { answerJson, type AnswerJson, featuresJson, inJson } from "../answer-json.ts";
import { formatInstant } from "../instant.ts";
import type { FeatureValue } from "../model.ts";
import type { ViewPlan } from "../view-plan.ts";
import type { ExplainedPane, Explanation } from "./explain.ts";
import { type JudgedJson, judgedJson } from "./judged-json.ts";

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

/** An explanation as people and programs read it: names and RFC 3339 times. */
export interface ExplanationJson {
  readonly answer: AnswerJson;
  readonly closed: string;
  readonly current: string;
  readonly complete_through: string | null;
  readonly archive: boolean;
  readonly events: readonly (JudgedJson & {
    readonly in_window: boolean;
    readonly first_pane: Pick<PaneJson, "window_end" | "seq" | "timing" | "available_at"> | null;
  })[];
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

/** Names the parts of an explanation. */
export function explanationJson(plan: ViewPlan, explanation: Explanation): ExplanationJson {
  const { key, tMs, answer, completeThroughMs, recomputed } = explanation;
  return {
    answer: answerJson(plan, key, tMs, answer),
    closed: formatInstant(explanation.closedMs),
    current: formatInstant(explanation.currentMs),
    complete_through: instantJson(completeThroughMs),
    archive: explanation.hasArchive,
    events: explanation.events.map(({ isInWindow, firstPane, ...judged }) => ({
      ...judgedJson(judged),
      in_window: isInWindow,
      first_pane: firstPane === undefined ? null : firstPaneJson(plan, firstPane),
    })),
    slices: explanation.slices.map(({ sliceMs, events, content }) => ({
      start: formatInstant(sliceMs),
      events,
      features: featuresJson(plan, content.values),
    })),
    panes: explanation.panes.map((pane) => paneJson(plan, pane)),
    columns: explanation.columns.map(({ name, value, status, leavesMs }) => ({
      name,
      value: inJson(value),
      status,
      leaves: instantJson(leavesMs),
    })),
    recomputed: recomputed ? { seq: recomputed.seq, features: featuresJson(plan, recomputed.values) } : null,
  };
}

function paneJson(plan: ViewPlan, pane: ExplainedPane): PaneJson {
  const { row, availableAtMs } = pane;
  return {
    window_end: formatInstant(row.windowEndMs),
    seq: row.seq,
    timing: row.timing,
    empty_from: formatInstant(row.emptyFromMs),
    max_publish_time: formatInstant(row.maxPublishTimeMs),
    available_at: instantJson(availableAtMs),
    online: pane.isOnline,
    offline: pane.isOffline,
    was_readable: pane.wasReadable,
    chosen: pane.isChosen,
    features: featuresJson(plan, row.values),
  };
}

function firstPaneJson(plan: ViewPlan, pane: ExplainedPane) {
  const { window_end, seq, timing, available_at } = paneJson(plan, pane);
  return { window_end, seq, timing, available_at };
}

function instantJson(ms: number | undefined): string | null {
  return ms === undefined ? null : formatInstant(ms);
}
