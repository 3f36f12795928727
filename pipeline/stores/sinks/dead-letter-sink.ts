import type { DeadLetter } from "../../core/model.ts";
import type { DoFn } from "../../harness/dofn.ts";
import { log } from "../../harness/log.ts";
import { DEAD_LETTERS } from "../bigquery-tables.ts";
import { deadLetterInsert } from "../bigquery-rows.ts";
import { appendRows, bigqueryLimits, insertRowBytes } from "../bigquery-writer.ts";
import { bigqueryClient } from "../clients.ts";
import { deadLetterMessage, messageBytes } from "../pubsub-messages.ts";
import type { Refused } from "../write-batch.ts";
import { batchingSink } from "./batching-sink.ts";
import { type DeadLetterSinkConfig, type SinkEnvironment, sinkRetry } from "./config.ts";
import { publishToTopic } from "./topic.ts";

/**
 * Dead letters into their table (the payload's first mebibyte) and their topic (whole). Refused rows of a store go
 * to the table only: they never were messages, and nobody should redrive them.
 *
 * It is the end of the line: what is refused here too is counted, logged, and let go, or it would stop the stream.
 * Counts `dead_letters.written`, `.refused`, `.retries`.
 */
export function deadLetterSink(config: DeadLetterSinkConfig, env: SinkEnvironment): DoFn<DeadLetter> {
  const { endpoints } = config;
  return batchingSink(({ metrics }) => {
    const retry = sinkRetry(config, env.random, metrics, "dead_letters.retries");
    const client = bigqueryClient(endpoints);
    const written = metrics.counter("dead_letters.written");
    const refusedCount = metrics.counter("dead_letters.refused");

    const letGo = (where: string, refused: readonly Refused<unknown>[]) => {
      refusedCount.add(refused.length);
      for (const { detail } of refused) log.error(`${where} refused a dead letter: ${detail}`);
    };
    return {
      // A letter's size is that of its message too, so that a batch of large ones fits one publish request.
      limits: bigqueryLimits,
      prepare: (letter) => {
        const insert = deadLetterInsert(config.event, letter, endpoints.generation);
        return { insert, bytes: Math.max(insertRowBytes(insert), messageBytes(letter.message)) };
      },
      sizeOf: ({ bytes }) => bytes,
      async write(batch) {
        const inserts = batch.map(({ entry }) => entry.insert);
        const messages = batch
          .filter(({ element }) => element.reason !== "row_rejected")
          .map(({ element }) => deadLetterMessage(element));
        const [refusedRows, refusedMessages] = await Promise.all([
          appendRows(client, endpoints.bigquery.dataset, DEAD_LETTERS, inserts, retry),
          publishToTopic(config, messages, retry),
        ]);
        letGo(`table ${DEAD_LETTERS}`, refusedRows);
        letGo(`topic ${config.topic ?? ""}`, refusedMessages);
        written.add(batch.length - refusedRows.length);
        return [];
      },
    };
  });
}
