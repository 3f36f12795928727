/**
 * Runs a history through the pure core, from the messages' bytes to the cells, as a runner would: bundles, the
 * shuffle's bytes, timers at the watermark, workers that forget, checkpoints, and a store that keeps every row.
 * It tells of faults rather than throws, so that a person can be shown what led to them.
 */
import { createDecoder, isDeadLetter } from "../../../pipeline/core/decode.ts";
import type { DeadLetter, DecodedEvent, FeatureRow, PubsubMessage } from "../../../pipeline/core/model.ts";
import { sliceOf } from "../../../pipeline/core/slices.ts";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { onlineFaults } from "./answers.ts";
import type { Fault } from "./faults.ts";
import type { History, Step } from "./history.ts";
import type { Mutant } from "./mutants.ts";
import { historyEvent } from "./views.ts";
import { ViewRun, type ViewState } from "./view-run.ts";

/** Something that happened, for the timeline. */
export interface Happening {
  readonly clockMs: number;
  readonly what: string;
  readonly view?: string;
  readonly key?: string;
  readonly event?: DecodedEvent;
  readonly row?: FeatureRow;
}

/** A view after a step. */
export interface Moment {
  readonly clockMs: number;
  readonly applied: ViewState["applied"];
  /** Nothing waits to be told: no early row, no lost work, no end that is due. */
  readonly isCalm: boolean;
  /** The least end that waits to fire. */
  readonly nextMs: number;
}

export interface Run {
  readonly views: readonly { readonly view: ViewRun; readonly moments: readonly Moment[] }[];
  /** Decoded, in the order in which the last reading of each message came. */
  readonly read: readonly (DecodedEvent | DeadLetter)[];
  readonly happenings: readonly Happening[];
  readonly faults: readonly Fault[];
}

interface Checkpoint {
  readonly read: readonly PubsubMessage[];
  readonly views: readonly ViewState[];
}

/** Runs a history to its end: all is read, and the clock goes on until nothing is left to fire. */
export function runHistory(history: History, plans: readonly ViewPlan[], mutant: Mutant = {}): Run {
  const decode = createDecoder(historyEvent);
  const happenings: Happening[] = [];
  const faults: Fault[] = [];
  let clockMs = history.messages[0]?.publishTimeMs ?? 0;
  let read: readonly PubsubMessage[] = [];
  let unread = history.messages;
  const seen = new Set<PubsubMessage>();
  const views = plans.map((plan) => {
    const view = new ViewRun(plan, mutant, {
      happened: (what, about) => happenings.push({ clockMs, what, ...about }),
      fault: (fault) => faults.push(fault),
    });
    const moments: Moment[] = [];
    return { view, moments };
  });
  const save = (): Checkpoint => ({ read, views: views.map(({ view }) => view.state) });
  let checkpoint = save();

  const watermark = () =>
    history.watermark === "wild"
      ? Infinity
      : Math.min(clockMs, ...unread.map(({ publishTimeMs }) => publishTimeMs));

  function bundle(messages: readonly PubsubMessage[]): void {
    clockMs = Math.max(clockMs, ...messages.map(({ publishTimeMs }) => publishTimeMs));
    const results = messages.map(decode);
    for (const result of results)
      if (isDeadLetter(result)) happenings.push({ clockMs, what: `dead letter: ${result.reason}` });
    for (const { view } of views) view.bundle(results, clockMs);
    read = [...read, ...messages];
    for (const message of messages) seen.add(message);
    unread = unread.filter((message) => !messages.includes(message));
  }

  /** The least end of all views, if it is due. */
  function fireNext(limitMs: number): boolean {
    const endMs = Math.min(...views.map(({ view }) => view.nextMs));
    if (endMs > limitMs || endMs === Infinity) return false;
    clockMs = Math.max(clockMs, endMs);
    for (const { view } of views) if (view.nextMs === endMs) view.fire(clockMs);
    return true;
  }

  function crash(): void {
    if (history.watermark === "wild") return;
    read = checkpoint.read;
    for (const [i, state] of checkpoint.views.entries()) {
      const view = views[i]?.view as ViewRun;
      view.state = state;
      view.cool();
    }
    const order = (i: number) => history.disorder[i % history.disorder.length] as number;
    unread = history.messages
      .filter((message) => !read.includes(message))
      .map((message, i) => ({ message, at: order(i) }))
      .sort((a, b) => a.at - b.at)
      .map(({ message }) => message);
  }

  function note(): void {
    for (const { view, moments } of views) {
      const { nextMs } = view;
      const isDue = nextMs <= sliceOf(clockMs, view.plan.slideMs);
      const isCalm = !isDue && !view.isDirty && seen.size === read.length;
      moments.push({ clockMs, applied: view.state.applied, isCalm, nextMs });
      faults.push(...onlineFaults(view, clockMs));
    }
  }

  function act(step: Step): void {
    if (step.kind === "read") bundle(unread.slice(0, step.messages));
    else if (step.kind === "fire") for (let i = 0; i < step.ends && fireNext(watermark()); i++);
    else if (step.kind === "wait") clockMs += step.ms;
    else if (step.kind === "early") for (const { view } of views) view.early(clockMs);
    else if (step.kind === "cool") for (const { view } of views) view.cool();
    else if (step.kind === "checkpoint") checkpoint = save();
    else crash();
  }

  note();
  for (const step of history.steps) {
    if (["wait", "checkpoint", "crash"].includes(step.kind))
      happenings.push({ clockMs, what: step.kind === "wait" ? `${String(step.ms)} ms pass` : step.kind });
    act(step);
    note();
  }
  bundle(unread);
  for (const { view } of views) view.early(clockMs);
  note();
  while (fireNext(Infinity)) note();
  return { views, read: read.map(decode), happenings, faults };
}
