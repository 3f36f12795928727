import type { ExplainedEventJson } from "../../../../core/audit/explanation-contract.ts";
import { duration } from "../format.ts";
import type { InspectedView } from "../../inspector-contract.ts";

/** What can become of an event, in the order of the legend. */
export const FATES = ["applied", "clamped", "late", "duplicate", "filtered", "window_closed"] as const;
/** What became of an event: its class, and of those that were applied whether its clock ran ahead. */
export type Fate = (typeof FATES)[number];

/** What became of an event, as the picture shows it. */
export function fateOf({ class: of, clamped }: Pick<ExplainedEventJson, "class" | "clamped">): Fate {
  if (of === "applied" && clamped) return "clamped";
  return FATES.find((fate) => fate === of) ?? "filtered";
}

/** A fate in a word or two. */
export const FATE_NAMES: Readonly<Record<Fate, string>> = {
  applied: "applied",
  clamped: "applied, clamped",
  late: "late",
  duplicate: "duplicate",
  filtered: "filtered",
  window_closed: "window closed",
};

/** Why it came so, for a person. */
export function whyOf(event: ExplainedEventJson, { allowed_lateness_ms: allowed }: InspectedView): string {
  const delayMs = Date.parse(event.publish_time) - Date.parse(event.event_time);
  switch (fateOf(event)) {
    case "applied":
      return delayMs > 60_000
        ? `It came ${duration(delayMs)} after it happened, within the allowed ${duration(allowed)}.`
        : "It came in time and counts.";
    case "clamped":
      return `The producer’s clock ran ${duration(
        Date.parse(event.raw_event_time) - Date.parse(event.event_time),
      )} ahead of the publish: the publish time counts instead.`;
    case "late":
      return `It came ${duration(delayMs)} after it happened, and ${duration(allowed)} is allowed: it joined no window.`;
    case "duplicate":
      return "Its event id was there already: a publisher’s retry. It counts once.";
    case "filtered":
      return "The view’s own filter refuses it.";
    case "window_closed":
      return "It was delivered when its windows had been collected already.";
  }
}

/** Names an event through every reading. */
export function eventName({ message_id, delivered_time }: ExplainedEventJson): string {
  return `event ${message_id} ${delivered_time}`;
}

/** Names a pane through every reading. */
export function paneName({ window_end, seq }: { readonly window_end: string; readonly seq: number }): string {
  return `pane ${window_end} ${String(seq)}`;
}

/** Names a slice. */
export function sliceName(start: string): string {
  return `slice ${start}`;
}

/** `ON_TIME` → `on time` */
export function timingName(timing: string): string {
  return timing.toLowerCase().replace("_", " ");
}
