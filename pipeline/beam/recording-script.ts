import { FreshetError } from "../core/errors.ts";
import type { PubsubMessage } from "../core/model.ts";
import { endAtOrAfter } from "../core/slices.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { PacedStream } from "./pace.ts";
import { encodePubsubMessage } from "./pubsub-message.ts";

/** The most messages of one script: a graph holds all of them, in one payload. */
export const MAX_SCRIPT_MESSAGES = 20_000;

/** Thrown when a recording is too long for a script. */
export class ScriptTooLongError extends FreshetError {
  constructor(messages: number) {
    super(
      "script_too_long",
      `a recording that shows its panes is played from one script, of at most ${MAX_SCRIPT_MESSAGES} messages; ` +
        `this one has ${messages}: cut it, or replay it without panes`,
      { messages, most: MAX_SCRIPT_MESSAGES },
    );
  }
}

/**
 * A recording as it came, for `replay --panes`: in the order of publish, the watermark at each message's publish time,
 * which is what a source without any margin would say. At each window end on the way everything that is due leaves
 * before the next message comes. So an on-time row holds what was published before its window's end.
 *
 *     publish       12:00:20   12:00:59       12:01:00     12:01:20
 *     watermark     12:00:20   12:00:59       12:01:00     12:01:20
 *                      a          b               │ rows       c
 *
 * @param plans the views that read the messages: whose window ends these are
 * @throws ScriptTooLongError
 */
export function scriptRecording(messages: readonly PubsubMessage[], plans: readonly ViewPlan[]): PacedStream {
  if (messages.length > MAX_SCRIPT_MESSAGES) throw new ScriptTooLongError(messages.length);
  const script = new PacedStream();
  let fromMs = -Infinity;
  for (const message of messages.toSorted((a, b) => a.publishTimeMs - b.publishTimeMs)) {
    for (const endMs of endsBetween(plans, fromMs, message.publishTimeMs)) script.settleAt(endMs);
    fromMs = message.publishTimeMs;
    script.advanceWatermarkTo(fromMs).element(encodePubsubMessage(message), fromMs);
  }
  return script;
}

/**
 * The window ends in `(fromMs, toMs]` at which something may be due when nothing came since `fromMs`: an event is
 * never ahead of its publish, and what is left of it has left its longest window an `L` after its slice.
 */
function endsBetween(plans: readonly ViewPlan[], fromMs: number, toMs: number): number[] {
  const ends = new Set<number>();
  if (fromMs === -Infinity) return [];
  for (const { slideMs, longestMs } of plans) {
    const lastMs = Math.min(toMs, fromMs + slideMs + longestMs);
    for (let endMs = endAtOrAfter(fromMs + 1, slideMs); endMs <= lastMs; endMs += slideMs) ends.add(endMs);
  }
  return [...ends].sort((a, b) => a - b);
}
