import { type Answer, answer, currentEnd, paneAt } from "../answer.ts";
import { emit, type WindowContent } from "../emit.ts";
import type { FeatureRow, StoredRow } from "../model.ts";
import { sliceOf } from "../slices.ts";
import type { ViewPlan } from "../view-plan.ts";
import { type JudgedEvent, judge, type KeyHistory } from "./judge.ts";

/*
 * Why a view says of a key what it says at an instant: the events, what became of each, the panes they left, and the
 * rule of `core/answer.ts` step by step. One pure function, for a terminal and for a page to draw.
 */

/** What stands in the stores and the archive about one key. */
export interface KeyFacts {
  readonly key: string;
  /** Of the archive, decoded; `undefined` where there is no archive. */
  readonly history: KeyHistory | undefined;
  /** Rows of the offline store. */
  readonly offline: readonly StoredRow[];
  /** Rows of the online store: those that can be read. */
  readonly online: readonly FeatureRow[];
  /** The greatest `complete_through` that was readable at the instant; `undefined` if none was. */
  readonly completeThroughMs: number | undefined;
}

/** A pane of a window that reaches the instant, wherever it stands. */
export interface ExplainedPane {
  readonly row: FeatureRow;
  readonly isOnline: boolean;
  readonly isOffline: boolean;
  /** From the offline store; `undefined` for a pane that stands online only. */
  readonly availableAtMs: number | undefined;
  /** That it was readable at the instant, and so could be chosen. */
  readonly wasReadable: boolean;
  readonly isChosen: boolean;
}

export interface ExplainedEvent extends JudgedEvent {
  /** That it lies in the longest window of the instant, or would if it had been applied. */
  readonly isInWindow: boolean;
  /** That it was published by the instant: an answer of the past can't have known what came after it. */
  readonly wasPublished: boolean;
  /**
   * The panes that hold it, as they became readable: of those that were published late enough, the ones in which its
   * place among the window's events, in publish order, is within `seq`. None: none yet, or not applied.
   */
  readonly panes: readonly ExplainedPane[];
}

/** A slice with what its events add up to. */
export interface ExplainedSlice {
  readonly sliceMs: number;
  readonly events: number;
  /** What a window of this slice alone would say, by column of the shortest size of each feature. */
  readonly content: WindowContent;
}

/** One column's part of the rule: its default once `leavesMs <= closedMs`. */
export interface ExplainedColumn {
  readonly name: string;
  readonly sizeMs: number;
  readonly value: Answer["columns"][number]["value"];
  readonly status: Answer["columns"][number]["status"];
  /** `empty_from − (L − w)`: the first end whose window of this size holds none of the pane's events. */
  readonly leavesMs: number | undefined;
}

/** The whole explanation. */
export interface Explanation {
  readonly key: string;
  readonly tMs: number;
  /** The newest window end at or before the instant. */
  readonly closedMs: number;
  /** The end of the window that the instant lies in. */
  readonly currentMs: number;
  /** Where the longest window begins of what may answer: `closed − L`. */
  readonly sinceMs: number;
  readonly hasArchive: boolean;
  /**
   * In publish order: those that happened in `[closed − L, current)`, and those that were published since its beginning
   * and joined no window, whenever they happened.
   */
  readonly events: readonly ExplainedEvent[];
  /** Ascending. */
  readonly slices: readonly ExplainedSlice[];
  /** By window and seq, ascending. */
  readonly panes: readonly ExplainedPane[];
  readonly completeThroughMs: number | undefined;
  readonly answer: Answer;
  readonly columns: readonly ExplainedColumn[];
  /** What the archive's events, as far as published at the instant, add up to in the chosen pane's window. */
  readonly recomputed: WindowContent | undefined;
}

/** Explains what a view says of a key at `tMs`. */
export function explain(plan: ViewPlan, facts: KeyFacts, tMs: number): Explanation {
  const closedMs = sliceOf(tMs, plan.slideMs);
  const currentMs = currentEnd(plan, tMs);
  const sinceMs = closedMs - plan.longestMs;
  const { key, history, completeThroughMs } = facts;
  const inReach = ({ windowEndMs }: FeatureRow) => windowEndMs > sinceMs && windowEndMs <= currentMs;
  const merged = mergePanes(facts.online.filter(inReach), facts.offline.filter(inReach));
  const readable = merged.map((pane) => storedAt(pane, tMs)).filter((row) => row !== undefined);
  const chosen = paneAt(plan, readable, tMs);
  const panes = merged.map((pane): ExplainedPane => ({
    ...pane,
    wasReadable: storedAt(pane, tMs) !== undefined,
    isChosen:
      chosen !== undefined && pane.row.windowEndMs === chosen.windowEndMs && pane.row.seq === chosen.seq,
  }));
  const told = answer(plan, chosen, tMs, completeThroughMs);
  const published = history && publishedBy(plan, history, tMs);
  return {
    key,
    tMs,
    closedMs,
    currentMs,
    sinceMs,
    hasArchive: history !== undefined,
    events: history === undefined ? [] : explainEvents(plan, history, panes, { sinceMs, currentMs, tMs }),
    slices: explainSlices(plan, history, sinceMs, currentMs),
    panes,
    completeThroughMs,
    answer: told,
    columns: plan.columns.map(({ name, sizeMs }, i) => ({
      name,
      sizeMs,
      ...(told.columns[i] as Answer["columns"][number]),
      leavesMs: chosen && chosen.emptyFromMs - (plan.longestMs - sizeMs),
    })),
    recomputed: published && chosen && emit(plan, published.slices, chosen.windowEndMs),
  };
}

type MergedPane = Omit<ExplainedPane, "wasReadable" | "isChosen">;

/** One pane a (window, seq), with the earliest `available_at` of its copies. */
function mergePanes(online: readonly FeatureRow[], offline: readonly StoredRow[]): MergedPane[] {
  const panes = new Map<string, MergedPane>();
  for (const row of [...offline].sort((a, b) => b.availableAtMs - a.availableAtMs)) {
    const { availableAtMs } = row;
    panes.set(paneId(row), { row, isOnline: false, isOffline: true, availableAtMs });
  }
  for (const row of online) {
    const copy = panes.get(paneId(row)) ?? { row, isOffline: false, availableAtMs: undefined };
    panes.set(paneId(row), { ...copy, isOnline: true });
  }
  return [...panes.values()].sort(({ row: a }, { row: b }) => a.windowEndMs - b.windowEndMs || a.seq - b.seq);
}

function paneId({ windowEndMs, seq }: FeatureRow): string {
  return `${String(windowEndMs)} ${String(seq)}`;
}

/** The pane as it was readable at `tMs`. One that stands online only was so since some time after its newest event. */
function storedAt({ row, availableAtMs = row.maxPublishTimeMs }: MergedPane, tMs: number) {
  if (availableAtMs > tMs) return undefined;
  return { ...row, availableAtMs, generation: 0, origin: "stream" as const };
}

function publishedBy(plan: ViewPlan, { judged }: KeyHistory, tMs: number): KeyHistory {
  const applied = judged.filter(
    ({ event, outcome }) => outcome === "applied" && event.deliveredTimeMs <= tMs,
  );
  return judge(
    plan,
    applied.map(({ event }) => event),
  );
}

function explainEvents(
  plan: ViewPlan,
  { judged }: KeyHistory,
  panes: readonly ExplainedPane[],
  { sinceMs, currentMs, tMs }: Pick<Explanation, "sinceMs" | "currentMs" | "tMs">,
): ExplainedEvent[] {
  const applied = judged.filter(({ outcome }) => outcome === "applied");
  const holders = new Map<JudgedEvent, ExplainedPane[]>(applied.map((each) => [each, []]));
  for (const pane of [...panes].sort((a, b) => firstSeen(a) - firstSeen(b))) {
    for (const each of heldBy(plan, pane, applied)) holders.get(each)?.push(pane);
  }
  return judged
    .filter(
      ({ sliceMs, outcome, event }) =>
        sliceMs < currentMs &&
        (sliceMs >= sinceMs || (outcome !== "applied" && event.deliveredTimeMs >= sinceMs)),
    )
    .map((each) => ({
      ...each,
      isInWindow: each.sliceMs >= currentMs - plan.longestMs,
      wasPublished: each.event.deliveredTimeMs <= tMs,
      panes: holders.get(each) ?? [],
    }));
}

/** The events of a pane, of all that were applied, in publish order. */
function heldBy(
  plan: ViewPlan,
  { row }: ExplainedPane,
  applied: readonly JudgedEvent[],
): readonly JudgedEvent[] {
  const { windowEndMs, seq, maxPublishTimeMs } = row;
  return applied
    .filter(({ sliceMs }) => sliceMs >= windowEndMs - plan.longestMs && sliceMs < windowEndMs)
    .slice(0, seq)
    .filter(({ event }) => event.publishTimeMs <= maxPublishTimeMs);
}

function firstSeen({ row, availableAtMs }: ExplainedPane): number {
  return availableAtMs ?? row.maxPublishTimeMs;
}

function explainSlices(
  plan: ViewPlan,
  history: KeyHistory | undefined,
  sinceMs: number,
  currentMs: number,
): ExplainedSlice[] {
  return (history?.slices ?? [])
    .filter((slice) => slice.sliceMs >= sinceMs && slice.sliceMs < currentMs)
    .map((slice) => ({
      sliceMs: slice.sliceMs,
      events: slice.eventIds.length,
      content: emit(plan, [slice], slice.sliceMs + plan.slideMs) as WindowContent,
    }));
}
