import { publisherClient } from "./clients.ts";
import { redriven, type StoredDeadLetter } from "./dead-letters.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { OutgoingMessage } from "./pubsub-messages.ts";
import { topicsOf } from "./pubsub-layout.ts";
import { publishAll } from "./pubsub-publisher.ts";
import type { Retry } from "./retry.ts";
import type { Refused } from "./write-batch.ts";

/** Dead letters by the topic that they came from, each topic once. */
export function byTopic<L extends { readonly event: string }>(
  letters: readonly L[],
): readonly { readonly topic: string; readonly ofTopic: readonly L[] }[] {
  return [...Map.groupBy(letters, ({ event }) => event)].map(([event, ofTopic]) => ({
    topic: topicsOf(event).source,
    ofTopic,
  }));
}

/**
 * Publishes dead letters again to their topic, in their order, with the attributes that keep their first publish.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function publishAgain(
  endpoints: StoreEndpoints,
  topic: string,
  letters: readonly StoredDeadLetter[],
  retry: Retry,
): Promise<{ readonly published: number; readonly refused: readonly Refused<OutgoingMessage>[] }> {
  return await publishAll(publisherClient(endpoints), endpoints.project, topic, letters.map(redriven), retry);
}
