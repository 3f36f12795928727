import { Reader, type Writer } from "./bytes.ts";
import type { FeaturePlan, ViewPlan } from "./view-plan.ts";

/** What a view keeps of an event: its features' inputs, never the record. */
export interface SliceEvent {
  readonly eventId: string;
  readonly messageId: string;
  readonly eventTimeMs: number;
  readonly publishTimeMs: number;
  /** By feature, in the order of `ViewPlan.features`; `undefined` where the feature's own filter refused it. */
  readonly inputs: readonly unknown[];
}

/** Events of one key in one slice, in the order in which they were read. */
export interface SliceBatch {
  readonly key: string;
  /** The slice's start. */
  readonly sliceMs: number;
  readonly events: readonly SliceEvent[];
}

/*
 * What crosses the shuffle: the slice, then, to the end, events of it in the order in which they were read. Each is its
 * key, ids, event time after the slice's start, publish time after the event time, one bit a feature (the least bit of
 * the first byte first) for the inputs there are, those inputs. Events of one key are put together by the reader: a
 * writer that did would have to keep all events of a bundle until its end, as objects.
 */

/** Begins what `writeSliceEvent` adds to. */
export function writeSlice(sliceMs: number, to: Writer): void {
  to.varint(sliceMs);
}

/** Writes an event of the slice, readable with a plan of the same features only. */
export function writeSliceEvent(
  plan: ViewPlan,
  sliceMs: number,
  key: string,
  event: SliceEvent,
  to: Writer,
): void {
  const { inputs } = event;
  to.string(key);
  to.string(event.eventId);
  to.string(event.messageId);
  to.varint(event.eventTimeMs - sliceMs);
  to.varint(event.publishTimeMs - event.eventTimeMs);
  writePresence(inputs, to);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input !== undefined) (plan.features[i] as FeaturePlan).aggregation.encodeInput(input, to);
  }
}

/**
 * Reads a slice's events, by key, in the order of their keys' first events.
 * @throws RangeError for bytes that end too soon
 */
export function readSliceBatches(plan: ViewPlan, bytes: Uint8Array): SliceBatch[] {
  const from = new Reader(bytes);
  const sliceMs = from.varintNumber();
  const keys = new Map<string, SliceEvent[]>();
  const batches: SliceBatch[] = [];
  while (!from.done) {
    const key = from.string();
    const event = readSliceEvent(plan, sliceMs, from);
    const known = keys.get(key);
    if (known !== undefined) {
      known.push(event);
      continue;
    }
    const events = [event];
    keys.set(key, events);
    batches.push({ key, sliceMs, events });
  }
  return batches;
}

function readSliceEvent(plan: ViewPlan, sliceMs: number, from: Reader): SliceEvent {
  const eventId = from.string();
  const messageId = from.string();
  const eventTimeMs = sliceMs + from.varintNumber();
  const publishTimeMs = eventTimeMs + from.varintNumber();
  // Read where it stands: a slice of the buffer would be one more object an event.
  const presence = from.skip(Math.ceil(plan.features.length / 8));
  const inputs = plan.features.map(({ aggregation }, i) =>
    (from.buf[presence + (i >> 3)] as number) & (1 << (i & 7)) ? aggregation.decodeInput(from) : undefined,
  );
  return { eventId, messageId, eventTimeMs, publishTimeMs, inputs };
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
