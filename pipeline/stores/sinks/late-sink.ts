import type { DeadLetter, LateEvent } from "../../core/model.ts";
import type { DoFn } from "../../harness/dofn.ts";
import { LATE_EVENTS } from "../bigquery-tables.ts";
import { lateInsert } from "../bigquery-rows.ts";
import { appendRows, bigqueryLimits, insertRowBytes } from "../bigquery-writer.ts";
import { bigqueryClient } from "../clients.ts";
import { lateMessage } from "../pubsub-messages.ts";
import { rejectedRow } from "../rejected-row.ts";
import { detailsOf } from "../write-batch.ts";
import { batchingSink } from "./batching-sink.ts";
import { REJECTED_TAG, type SinkEnvironment, sinkRetry, type TopicSinkConfig } from "./config.ts";
import { publishToTopic } from "./topic.ts";

/**
 * Late events into their table and, where there is one, their topic. Both may get one twice; the event id tells.
 *
 * Counts `late.written`, `late.rejected`, `late.unpublished`, `late.retries`.
 */
export function lateSink(config: TopicSinkConfig, env: SinkEnvironment): DoFn<LateEvent, DeadLetter> {
  const { endpoints } = config;
  return batchingSink(({ metrics }) => {
    const retry = sinkRetry(config, env.random, metrics, "late.retries");
    const client = bigqueryClient(endpoints);
    const written = metrics.counter("late.written");
    const rejected = metrics.counter("late.rejected");
    const unpublished = metrics.counter("late.unpublished");
    return {
      limits: bigqueryLimits,
      prepare: (late) => lateInsert(late, endpoints.generation),
      sizeOf: insertRowBytes,
      async write(batch) {
        const inserts = batch.map(({ entry }) => entry);
        const messages = batch.map(({ element }) => lateMessage(element));
        const [refused, refusedMessages] = await Promise.all([
          appendRows(client, endpoints.bigquery.dataset, LATE_EVENTS, inserts, retry),
          publishToTopic(config, messages, retry),
        ]);
        unpublished.add(refusedMessages.length);
        const reasons = detailsOf(refused);
        written.add(batch.length - refused.length);
        rejected.add(refused.length);
        return batch.map(({ element: { event }, entry }) => {
          const detail = reasons.get(entry);
          if (detail === undefined) return undefined;
          return {
            value: rejectedRow("BigQuery", entry.json, event.publishTimeMs, detail),
            tag: REJECTED_TAG,
          };
        });
      },
    };
  });
}
