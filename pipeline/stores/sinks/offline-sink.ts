import type { DeadLetter, StoredRow } from "../../core/model.ts";
import type { DoFn } from "../../harness/dofn.ts";
import { featureTableId } from "../bigquery-layout.ts";
import { featureInsert, type InsertRow } from "../bigquery-rows.ts";
import { appendRows, bigqueryLimits, insertRowBytes } from "../bigquery-writer.ts";
import { bigqueryClient } from "../clients.ts";
import { rejectedRow } from "../rejected-row.ts";
import { detailsOf } from "../write-batch.ts";
import { batchingSink } from "./batching-sink.ts";
import { REJECTED_TAG, type SinkEnvironment, sinkRetry, type ViewSinkConfig } from "./config.ts";

/**
 * Readable rows of one view into BigQuery. What leaves is their watermark, once they are acknowledged there too, and
 * the dead letters of those that it refuses.
 *
 * Counts `{view}.v{version}.rows_appended`, `.rows_rejected`, `.bigquery_retries`.
 */
export function offlineSink(config: ViewSinkConfig, env: SinkEnvironment): DoFn<StoredRow, DeadLetter> {
  const plan = env.plan(config.view, config.version);
  const { dataset } = config.endpoints.bigquery;
  return batchingSink<StoredRow, InsertRow, DeadLetter>(({ metrics }) => {
    const stage = `${plan.name}.v${plan.version}`;
    const retry = sinkRetry(config, env.random, metrics, `${stage}.bigquery_retries`);
    const client = bigqueryClient(config.endpoints);
    const appended = metrics.counter(`${stage}.rows_appended`);
    const rejected = metrics.counter(`${stage}.rows_rejected`);
    return {
      limits: bigqueryLimits,
      prepare: (row) => featureInsert(plan, row),
      sizeOf: insertRowBytes,
      async write(batch) {
        const inserts = batch.map(({ entry }) => entry);
        const refused = await appendRows(client, dataset, featureTableId(plan), inserts, retry);
        const reasons = detailsOf(refused);
        appended.add(batch.length - refused.length);
        rejected.add(refused.length);
        return batch.map(({ element: row, entry }) => {
          const detail = reasons.get(entry);
          if (detail === undefined) return undefined;
          return {
            value: rejectedRow("BigQuery", entry.json, row.maxPublishTimeMs, detail),
            tag: REJECTED_TAG,
          };
        });
      },
    };
  });
}
