import { formatInstant } from "../instant.ts";
import type { JudgedJson } from "./explanation-contract.ts";
import type { JudgedEvent } from "./judge.ts";

/** Names what became of an event. */
export function judgedJson({ event, outcome }: JudgedEvent): JudgedJson {
  return {
    event_id: event.eventId,
    message_id: event.messageId,
    class: outcome,
    event_time: formatInstant(event.eventTimeMs),
    raw_event_time: formatInstant(event.rawEventTimeMs),
    clamped: event.clamped,
    publish_time: formatInstant(event.publishTimeMs),
    delivered_time: formatInstant(event.deliveredTimeMs),
  };
}
