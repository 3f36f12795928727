import type { v1 } from "@google-cloud/pubsub";
import type { StoreCall } from "./errors.ts";
import { InFlight, type InFlightLimits } from "./in-flight.ts";
import { messageBytes, type OutgoingMessage } from "./pubsub-messages.ts";
import type { Retry } from "./retry.ts";
import { type Refused, writeBatch } from "./write-batch.ts";

/** 1,000 messages and 10 MB are Pub/Sub's limits of a request. @see https://cloud.google.com/pubsub/quotas */
export const pubsubLimits: InFlightLimits = { entries: 500, bytes: 5_000_000, requests: 4 };

/** What became of published messages. */
export interface Published {
  /** Pub/Sub's id of each message, in order; `undefined` for a refused one. */
  readonly messageIds: readonly (string | undefined)[];
  readonly refused: readonly Refused<OutgoingMessage>[];
}

/**
 * Publishes one request's worth of messages, each until it is acknowledged. A message may be published twice: where
 * an acknowledgement got lost, it is sent again.
 * @param topic its short name
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function publishBatch(
  client: v1.PublisherClient,
  project: string,
  topic: string,
  messages: readonly OutgoingMessage[],
  retry: Retry,
): Promise<Published> {
  const call: StoreCall = { store: "Pub/Sub", operation: "publish to", target: `topic ${topic}` };
  const path = `projects/${project}/topics/${topic}`;
  const ids = new Map<OutgoingMessage, string>();
  const send = async (batch: readonly OutgoingMessage[]) => {
    const request = { topic: path, messages: [...batch] };
    const [{ messageIds }] = await client.publish(request, { timeout: retry.policy.attemptMs, retry: null });
    batch.forEach((message, i) => ids.set(message, messageIds?.[i] ?? ""));
    return [];
  };
  const refused = await writeBatch(call, messages, send, retry);
  return { messageIds: messages.map((message) => ids.get(message)), refused };
}

/**
 * Publishes any number of messages to one topic, some requests at once, and keeps memory bounded.
 * @returns how many were acknowledged, and the refused ones
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function publishAll(
  client: v1.PublisherClient,
  project: string,
  topic: string,
  messages: Iterable<OutgoingMessage> | AsyncIterable<OutgoingMessage>,
  retry: Retry,
): Promise<{ readonly published: number; readonly refused: readonly Refused<OutgoingMessage>[] }> {
  let published = 0;
  const refused: Refused<OutgoingMessage>[] = [];
  const send = async (batch: readonly OutgoingMessage[]) => {
    const result = await publishBatch(client, project, topic, batch, retry);
    published += batch.length - result.refused.length;
    refused.push(...result.refused);
  };
  const flight = new InFlight(send, messageBytes, pubsubLimits);
  for await (const message of messages) await flight.add(message);
  await flight.drain();
  return { published, refused };
}
