import { protos } from "@google-cloud/pubsub";
import type { PubsubMessage } from "../core/model.ts";

/**
 * Reads the bytes of a `google.pubsub.v1.PubsubMessage`, as both sources emit them.
 * @param timestampMs the element's timestamp: the publish time, where a runner leaves the field out
 */
export function decodePubsubMessage(bytes: Uint8Array, timestampMs: number): PubsubMessage {
  const proto = protos.google.pubsub.v1.PubsubMessage.decode(bytes);
  const { publishTime } = proto;
  return {
    data: proto.data as Uint8Array,
    attributes: proto.attributes,
    messageId: proto.messageId,
    publishTimeMs: publishTime
      ? Number(publishTime.seconds) * 1000 + Math.floor((publishTime.nanos ?? 0) / 1e6)
      : timestampMs,
    orderingKey: proto.orderingKey,
  };
}

/** Writes a message as a source would emit it: the bytes that `decodePubsubMessage` reads. */
export function encodePubsubMessage({ publishTimeMs, ...message }: PubsubMessage): Uint8Array {
  const publishTime = {
    seconds: Math.floor(publishTimeMs / 1000),
    nanos: (publishTimeMs - Math.floor(publishTimeMs / 1000) * 1000) * 1e6,
  };
  return protos.google.pubsub.v1.PubsubMessage.encode({ ...message, publishTime }).finish();
}
