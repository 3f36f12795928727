import type { Reader, Writer } from "./bytes.ts";
import type { ViewPlan } from "./view-plan.ts";

/** What a view keeps of an event: its features' inputs, never the record. */
export interface SliceEvent {
  readonly eventId: string;
  readonly messageId: string;
  readonly eventTimeMs: number;
  readonly publishTimeMs: number;
  /** By feature, in the order of `ViewPlan.features`; `undefined` where the feature's own filter refused it. */
  readonly inputs: readonly unknown[];
}

/** What crosses the shuffle, many in one element: events of one key in one slice, in the order in which they were read. */
export interface SliceBatch {
  readonly key: string;
  /** The slice's start. */
  readonly sliceMs: number;
  readonly events: readonly SliceEvent[];
}

/*
 * key, slice, number of events; then each event: ids, event time after the slice's start, publish time after the
 * event time, one bit a feature (the least bit of the first byte first) for the inputs there are, those inputs.
 */

/** Writes a batch, readable with a plan of the same features only. */
export function encodeSliceBatch(plan: ViewPlan, batch: SliceBatch, to: Writer): void {
  to.string(batch.key);
  to.varint(batch.sliceMs);
  to.varint(batch.events.length);
  for (const event of batch.events) {
    to.string(event.eventId);
    to.string(event.messageId);
    to.varint(event.eventTimeMs - batch.sliceMs);
    to.varint(event.publishTimeMs - event.eventTimeMs);
    writePresence(event.inputs, to);
    for (const [i, feature] of plan.features.entries()) {
      const input = event.inputs[i];
      if (input !== undefined) feature.aggregation.encodeInput(input, to);
    }
  }
}

/** Reads what `encodeSliceBatch` wrote. @throws RangeError for bytes that end too soon */
export function decodeSliceBatch(plan: ViewPlan, from: Reader): SliceBatch {
  const key = from.string();
  const sliceMs = from.varintNumber();
  const events: SliceEvent[] = [];
  for (let left = from.length(); left > 0; left--) {
    const eventId = from.string();
    const messageId = from.string();
    const eventTimeMs = sliceMs + from.varintNumber();
    const publishTimeMs = eventTimeMs + from.varintNumber();
    const presence = from.bytes(Math.ceil(plan.features.length / 8));
    const inputs = plan.features.map(({ aggregation }, i) =>
      (presence[i >> 3] as number) & (1 << (i & 7)) ? aggregation.decodeInput(from) : undefined,
    );
    events.push({ eventId, messageId, eventTimeMs, publishTimeMs, inputs });
  }
  return { key, sliceMs, events };
}

function writePresence(inputs: readonly unknown[], to: Writer): void {
  for (let start = 0; start < inputs.length; start += 8) {
    let bits = 0;
    for (let i = start; i < Math.min(start + 8, inputs.length); i++) {
      if (inputs[i] !== undefined) bits |= 1 << (i - start);
    }
    to.byte(bits);
  }
}
