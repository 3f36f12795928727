import { invalidArgument } from "./errors.ts";
import type { IPubsubMessage } from "./protos.ts";
import { timestampOf } from "./time.ts";

/** A published message, shared by all subscriptions that got it. */
export interface StoredMessage {
  /** Order of publishing over the whole endpoint, and the message id as a number. */
  readonly seq: number;
  readonly publishTimeMs: number;
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  /** "" for none. */
  readonly orderingKey: string;
}

/** What a publisher decides of a message. */
export type Draft = Pick<StoredMessage, "data" | "attributes" | "orderingKey">;

/** Most bytes of one request, and of one message's data. */
export const MAX_REQUEST_BYTES = 10_000_000;

// https://cloud.google.com/pubsub/quotas#resource_limits
const MAX_MESSAGES = 1000;
const MAX_ATTRIBUTES = 100;
const MAX_ATTRIBUTE_KEY_BYTES = 256;
const MAX_ATTRIBUTE_VALUE_BYTES = 1024;
const MAX_ORDERING_KEY_BYTES = 1024;

/** About as many bytes as the message takes in a response. */
export const sizeOf = (message: StoredMessage): number => message.data.length + 256;

/** A stored message as subscribers get it. */
export function toWire(message: StoredMessage): IPubsubMessage {
  return {
    data: message.data,
    attributes: message.attributes,
    messageId: String(message.seq),
    publishTime: timestampOf(message.publishTimeMs),
    ...(message.orderingKey === "" ? {} : { orderingKey: message.orderingKey }),
  };
}

/**
 * The messages of one publish request, checked against the service's limits.
 * @throws PubsubError INVALID_ARGUMENT: the whole request is refused, none of it is published
 */
export function toDrafts(messages: readonly IPubsubMessage[]): Draft[] {
  if (messages.length === 0) throw invalidArgument("The value for messages is too small: it has no message.");
  if (messages.length > MAX_MESSAGES) {
    throw invalidArgument(
      `The value for messages is too large: ${messages.length}, at most ${MAX_MESSAGES}.`,
    );
  }
  const drafts = messages.map(toDraft);
  const bytes = drafts.reduce((sum, draft) => sum + draftBytes(draft), 0);
  if (bytes > MAX_REQUEST_BYTES) throw tooLarge(bytes);
  return drafts;
}

/** The refusal of a request beyond `MAX_REQUEST_BYTES`. */
export const tooLarge = (bytes: number) =>
  invalidArgument(`The request is too large: ${bytes} bytes, at most ${MAX_REQUEST_BYTES}.`);

function toDraft(message: IPubsubMessage): Draft {
  const draft: Draft = {
    // protobufjs has an empty array where there are no bytes.
    data: message.data instanceof Uint8Array ? message.data : new Uint8Array(),
    attributes: { ...message.attributes },
    orderingKey: message.orderingKey ?? "",
  };
  const attributes = Object.entries(draft.attributes);
  if (draft.data.length === 0 && attributes.length === 0) {
    throw invalidArgument("Some messages have neither data nor attributes.");
  }
  if (attributes.length > MAX_ATTRIBUTES) {
    throw invalidArgument(`A message has ${attributes.length} attributes, at most ${MAX_ATTRIBUTES}.`);
  }
  for (const [key, value] of attributes) checkAttribute(key, value);
  if (Buffer.byteLength(draft.orderingKey) > MAX_ORDERING_KEY_BYTES) {
    throw invalidArgument(`An ordering key is too long: at most ${MAX_ORDERING_KEY_BYTES} bytes.`);
  }
  return draft;
}

function checkAttribute(key: string, value: string): void {
  if (key === "" || Buffer.byteLength(key) > MAX_ATTRIBUTE_KEY_BYTES || key.startsWith("goog")) {
    // "goog" is the service's own prefix; its clients may name the schema's encoding and revision.
    if (!key.startsWith("googclient_"))
      throw invalidArgument(`The attribute key ${JSON.stringify(key)} is not allowed.`);
  }
  if (Buffer.byteLength(value) > MAX_ATTRIBUTE_VALUE_BYTES) {
    throw invalidArgument(
      `The value of attribute ${key} is too long: at most ${MAX_ATTRIBUTE_VALUE_BYTES} bytes.`,
    );
  }
}

const draftBytes = (draft: Draft): number =>
  draft.data.length +
  draft.orderingKey.length +
  Object.entries(draft.attributes).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
