import { appendRows } from "./bigquery-writer.ts";
import { bigqueryClient, publisherClient } from "./clients.ts";
import { redriven, type StoredDeadLetter } from "./dead-letters.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import { messageOf } from "./errors.ts";
import type { OutgoingMessage } from "./pubsub-messages.ts";
import { topicsOf } from "./pubsub-layout.ts";
import { publishAll } from "./pubsub-publisher.ts";
import { DEAD_LETTER_REDRIVES, redriveInsert } from "./redrive-rows.ts";
import type { Retry } from "./retry.ts";
import type { Refused } from "./write-batch.ts";

/** Letters that are published before they are recorded: what an outage in between leaves unrecorded at most. */
const PART = 100;

/** What came of publishing dead letters again. */
export interface Redriven {
  readonly published: number;
  readonly refused: readonly Refused<OutgoingMessage>[];
  /** Why it ended early, and what was published last isn't recorded as redriven; null: all was recorded. */
  readonly unrecorded: string | null;
}

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
 * Publishes dead letters again to their topic, in their order, with the attributes that keep their first publish, and
 * records that of each once Pub/Sub has it. So a letter that is recorded was published; after an outage one may have
 * been that isn't recorded.
 * @param nowMs when it is done, for the record
 * @throws StoreUnavailableError, StoreConfigError where Pub/Sub doesn't take them: those before are recorded
 */
export async function publishAgain(
  endpoints: StoreEndpoints,
  topic: string,
  letters: readonly StoredDeadLetter[],
  nowMs: number,
  retry: Retry,
): Promise<Redriven> {
  const publisher = publisherClient(endpoints);
  let published = 0;
  const refused: Refused<OutgoingMessage>[] = [];
  for (let i = 0; i < letters.length; i += PART) {
    const part = letters.slice(i, i + PART).map((letter) => ({ letter, message: redriven(letter) }));
    const messages = part.map(({ message }) => message);
    const result = await publishAll(publisher, endpoints.project, topic, messages, retry);
    published += result.published;
    refused.push(...result.refused);
    const without = new Set(result.refused.map(({ entry }) => entry));
    const taken = part.filter(({ message }) => !without.has(message)).map(({ letter }) => letter);
    const unrecorded = await record(endpoints, taken, nowMs, retry);
    if (unrecorded !== null) return { published, refused, unrecorded };
  }
  return { published, refused, unrecorded: null };
}

/** @returns why it failed: the messages are out already, so that it is no error of theirs */
async function record(
  endpoints: StoreEndpoints,
  letters: readonly StoredDeadLetter[],
  nowMs: number,
  retry: Retry,
): Promise<string | null> {
  const rows = letters.map(({ event, message }) => redriveInsert(event, message, nowMs));
  if (rows.length === 0) return null;
  const { dataset } = endpoints.bigquery;
  try {
    const [first] = await appendRows(bigqueryClient(endpoints), dataset, DEAD_LETTER_REDRIVES, rows, retry);
    return first?.detail ?? null;
  } catch (error) {
    return messageOf(error);
  }
}
