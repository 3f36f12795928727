import type {
  DeadLetter,
  DecodedEvent,
  EventRow,
  FeatureRow,
  LateEvent,
  PubsubMessage,
  StoredRow,
} from "../core/model.ts";
import { type Coder, coder, registerCoder } from "../harness/coders.ts";

/*
 * Elements between transforms that fuse are plain objects and are never written. A runner may cut a stage anywhere,
 * though, so each has a coder: JSON in which bytes stand as base64.
 */

const BYTES = "$bytes";

const elementCoder = coder<unknown>("freshet:coder:element:v1", {
  encode(value, to, nested) {
    const text = JSON.stringify(value, writeBytes);
    if (nested) to.string(text);
    else to.utf8(text);
  },
  decode: (from, nested): unknown =>
    JSON.parse(nested ? from.string() : from.rest().toString("utf8"), readBytes),
});
registerCoder(elementCoder);

export const messageCoder = elementCoder as Coder<PubsubMessage>;
export const decodedEventCoder = elementCoder as Coder<DecodedEvent>;
export const deadLetterCoder = elementCoder as Coder<DeadLetter>;
export const lateEventCoder = elementCoder as Coder<LateEvent>;
export const eventRowCoder = elementCoder as Coder<EventRow>;
export const featureRowCoder = elementCoder as Coder<FeatureRow>;
export const storedRowCoder = elementCoder as Coder<StoredRow>;

/** For what has no name of its own. */
export function jsonElementCoder<T>(): Coder<T> {
  return elementCoder as Coder<T>;
}

// A Buffer has been turned into {type: "Buffer"} before a replacer sees it; the holder still has the bytes.
function writeBytes(this: unknown, key: string, value: unknown): unknown {
  const bytes = (this as Record<string, unknown>)[key];
  return bytes instanceof Uint8Array ? { [BYTES]: Buffer.from(bytes).toString("base64") } : value;
}

function readBytes(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(BYTES in value)) return value;
  return new Uint8Array(Buffer.from((value as { [BYTES]: string })[BYTES], "base64"));
}
