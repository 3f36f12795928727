import { currentEnd, paneAt } from "../../../pipeline/core/answer.ts";
import type { DecodedEvent, FeatureRow, StoredRow } from "../../../pipeline/core/model.ts";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import type { Written } from "./view-run.ts";

/** A rule made wrong at a seam of the run, to see that histories find it. What a mutant leaves out stays right. */
export interface Mutant {
  /** The plan that the pipeline runs; what is true follows from the one that was defined. */
  plan?(plan: ViewPlan): ViewPlan;
  /** The event that decode hands on. */
  event?(event: DecodedEvent): DecodedEvent;
  /** The row that is written; `undefined`: none. @param stored what the store holds of its key, in order of writing */
  row?(row: FeatureRow, plan: ViewPlan, stored: readonly Written[]): FeatureRow | undefined;
  /** The pane that answers. @param rows those of one key that were readable, in order of writing */
  readonly pane?: (plan: ViewPlan, rows: readonly Written[], tMs: number) => StoredRow | undefined;
}

/** Mistakes that were made, or nearly, in this and other systems. */
export const mutants = {
  /** A late event corrects only the windows that had said something: those where it newly is a change stay wrong. */
  "re-emits only rows that had left": {
    row: (row, _, stored) =>
      row.timing === "LATE" && !stored.some((other) => other.windowEndMs === row.windowEndMs)
        ? undefined
        : row,
  },
  /** After a crash the same events come in fewer panes: an old one with a higher index shadows the full one. */
  "orders panes by index": {
    pane(plan, rows, tMs) {
      const near = rows.filter(({ windowEndMs }) => windowEndMs <= currentEnd(plan, tMs));
      return near.toSorted((a, b) => a.windowEndMs - b.windowEndMs || a.paneIndex - b.paneIndex).at(-1);
    },
  },
  /** A stored 1 is served for ever, because no later window of the key fires. */
  "forgets that windows become empty": {
    pane(plan, rows, tMs) {
      const pane = paneAt(plan, rows, tMs);
      return pane && { ...pane, emptyFromMs: Infinity };
    },
  },
  /** A publisher's retry counts twice. */
  "counts copies": { event: (event) => ({ ...event, eventId: event.messageId }) },
  /** Copies of an event whose clock runs ahead have times of their own: in a short window they don't meet. */
  "counts copies whose clocks run ahead": { plan: (plan) => ({ ...plan, maxClockSkewMs: 0 }) },
  /** One millisecond at the boundary. */
  "takes an event as late that is exactly as late as allowed": {
    plan: (plan) => ({ ...plan, allowedLatenessMs: plan.allowedLatenessMs - 1 }),
  },
  /** An early row that is hidden until its window is over. */
  "asks for windows that have ended": {
    pane(_, rows, tMs) {
      const ended = rows.filter(({ windowEndMs }) => windowEndMs <= tMs);
      return ended.toSorted((a, b) => a.windowEndMs - b.windowEndMs || a.seq - b.seq).at(-1);
    },
  },
  /** A redriven message is judged by when it came again. */
  "forgets the first publish": {
    event: (event) => ({ ...event, publishTimeMs: event.deliveredTimeMs }),
  },
} satisfies Record<string, Mutant>;
