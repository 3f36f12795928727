import { publisherClient } from "../clients.ts";
import type { OutgoingMessage } from "../pubsub-messages.ts";
import { publishBatch } from "../pubsub-publisher.ts";
import type { Retry } from "../retry.ts";
import type { Refused } from "../write-batch.ts";
import type { TopicSinkConfig } from "./config.ts";

/**
 * Publishes a batch to a sink's topic, where it has one.
 * @returns the messages that Pub/Sub refused
 */
export async function publishToTopic(
  { endpoints, topic }: TopicSinkConfig,
  messages: readonly OutgoingMessage[],
  retry: Retry,
): Promise<readonly Refused<OutgoingMessage>[]> {
  if (topic === undefined || messages.length === 0) return [];
  const { refused } = await publishBatch(
    publisherClient(endpoints),
    endpoints.project,
    topic,
    messages,
    retry,
  );
  return refused;
}
