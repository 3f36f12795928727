import { answerJson, featuresJson, inJson } from "../answer-json.ts";
import { formatInstant } from "../instant.ts";
import type { ViewPlan } from "../view-plan.ts";
import type { ExplainedEvent, ExplainedPane, Explanation } from "./explain.ts";
import type { ExplainedEventJson, ExplanationJson, PaneJson } from "./explanation-contract.ts";
import { judgedJson } from "./judged-json.ts";

/** Names the parts of an explanation. */
export function explanationJson(plan: ViewPlan, explanation: Explanation): ExplanationJson {
  const { key, tMs, answer, completeThroughMs, recomputed } = explanation;
  const places = new Map(explanation.panes.map((pane, i) => [pane, i]));
  return {
    answer: answerJson(plan, key, tMs, answer),
    closed: formatInstant(explanation.closedMs),
    current: formatInstant(explanation.currentMs),
    complete_through: instantJson(completeThroughMs),
    archive: explanation.hasArchive,
    events: explanation.events.map((event) => eventJson(plan, event, places)),
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

function eventJson(
  plan: ViewPlan,
  { isInWindow, wasPublished, panes, ...judged }: ExplainedEvent,
  places: ReadonlyMap<ExplainedPane, number>,
): ExplainedEventJson {
  const [first] = panes;
  return {
    ...judgedJson(judged),
    in_window: isInWindow,
    was_published: wasPublished,
    slice: formatInstant(judged.sliceMs),
    panes: panes.map((pane) => places.get(pane) as number).sort((a, b) => a - b),
    first_pane: first === undefined ? null : firstPaneJson(plan, first),
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
