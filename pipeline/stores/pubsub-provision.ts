import { status } from "@grpc/grpc-js";
import { rawTableId } from "./bigquery-tables.ts";
import { publisherClient, subscriberClient } from "./clients.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { StoreCall } from "./errors.ts";
import { topicsOf } from "./pubsub-layout.ts";
import { type Retry, withRetry } from "./retry.ts";

/** Seconds for which a pulled message is ours; readers extend it while they hold one. */
const ACK_DEADLINE_S = 10;

/**
 * Creates what is missing of the topics and subscriptions of events. Safe to run at every start.
 * @param archive whether Pub/Sub itself delivers to BigQuery here (Google's emulator can't)
 */
export async function provisionPubsub(
  endpoints: StoreEndpoints,
  events: readonly string[],
  { archive }: { readonly archive: boolean },
  retry: Retry,
): Promise<void> {
  const publisher = publisherClient(endpoints);
  const subscriber = subscriberClient(endpoints);
  const { project, bigquery } = endpoints;
  const topicPath = (name: string) => `projects/${project}/topics/${name}`;
  const subscriptionPath = (name: string) => `projects/${project}/subscriptions/${name}`;
  for (const event of events) {
    const topics = topicsOf(event);
    for (const topic of [topics.source, topics.late, topics.deadLetters]) {
      await ensure(`topic ${topic}`, () => publisher.createTopic({ name: topicPath(topic) }), retry);
    }
    const base = { topic: topicPath(topics.source), ackDeadlineSeconds: ACK_DEADLINE_S };
    await ensure(
      `subscription ${topics.subscription}`,
      () => subscriber.createSubscription({ ...base, name: subscriptionPath(topics.subscription) }),
      retry,
    );
    if (!archive) continue;
    const bigqueryConfig = {
      table: `${project}.${bigquery.dataset}.${rawTableId(event)}`,
      writeMetadata: true,
    };
    await ensure(
      `subscription ${topics.archive}`,
      () =>
        subscriber.createSubscription({ ...base, name: subscriptionPath(topics.archive), bigqueryConfig }),
      retry,
    );
  }
}

async function ensure(target: string, create: () => Promise<unknown>, retry: Retry): Promise<void> {
  const call: StoreCall = { store: "Pub/Sub", operation: "create", target };
  await withRetry(
    call,
    async () => {
      try {
        await create();
      } catch (error) {
        if ((error as { code?: unknown }).code !== status.ALREADY_EXISTS) throw error;
      }
    },
    retry,
  );
}
