import type { Heap } from "./heap.ts";
import type { StoredMessage } from "./message.ts";
import type { Consumer } from "./consumer.ts";
import type { Lane } from "./lane.ts";

/**
 * Where one message stands in one subscription:
 *
 *     waiting ──take──▶ leased ──ack──▶ gone
 *        ▲                │ └──ack, an earlier one of its ordering key open──▶ acked ──▶ gone
 *        └── nack, expiry ┘                                                      │
 *        └───────────────── redelivery of the earlier one ──────────────────────┘
 */
export type Phase = "waiting" | "leased" | "acked" | "gone";

/** One message in one subscription, from its publish to its acknowledgement. */
export interface Delivery {
  readonly message: StoredMessage;
  readonly lane: Lane | undefined;
  phase: Phase;
  /** How often it was handed out. */
  attempts: number;
  /** Not handed out before this time: the retry policy's backoff. */
  availableAtMs: number;
  /** The heap whose entry for it counts: entries elsewhere are stale and skipped. */
  queuedIn: Heap<Delivery> | undefined;
  ackId: string;
  /** When the lease ends. */
  deadlineMs: number;
  consumer: Consumer | undefined;
}

/** A delivery that waits to be handed out for the first time. */
export function newDelivery(message: StoredMessage, lane: Lane | undefined): Delivery {
  return {
    message,
    lane,
    phase: "waiting",
    attempts: 0,
    availableAtMs: 0,
    queuedIn: undefined,
    ackId: "",
    deadlineMs: 0,
    consumer: undefined,
  };
}

/** Rank of a delivery among those that can be handed out: oldest first. */
export const bySeq = (delivery: Delivery): number => delivery.message.seq;
