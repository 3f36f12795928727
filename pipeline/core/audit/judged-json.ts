import { formatInstant } from "../instant.ts";
import type { JudgedEvent } from "./judge.ts";

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
