import type { DeadLetter, FeatureRow, StoredRow } from "../../core/model.ts";
import type { DoFn } from "../../harness/dofn.ts";
import { bigtableLimits } from "../bigtable-mutations.ts";
import { BigtableStore } from "../bigtable-store.ts";
import { bigtableClient } from "../clients.ts";
import { rejectedRow } from "../rejected-row.ts";
import { detailsOf } from "../write-batch.ts";
import { batchingSink } from "./batching-sink.ts";
import { REJECTED_TAG, type SinkEnvironment, sinkRetry, type ViewSinkConfig } from "./config.ts";

/**
 * Rows of one view into Bigtable. A row leaves as a `StoredRow` once it is readable, stamped with the moment of its
 * acknowledgement: what was never readable online must not look available offline.
 *
 * Counts `{view}.v{version}.rows_written`, `.rows_rejected`, `.bigtable_retries`, and the distribution
 * `.freshness_ms`: from the newest publish behind an early row to its being readable.
 */
export function onlineSink(
  config: ViewSinkConfig,
  env: SinkEnvironment,
): DoFn<FeatureRow, StoredRow | DeadLetter> {
  const plan = env.plan(config.view, config.version);
  const { generation } = config.endpoints;
  return batchingSink<FeatureRow, FeatureRow, StoredRow | DeadLetter>(({ metrics }) => {
    const stage = `${plan.name}.v${plan.version}`;
    const retry = sinkRetry(config, env.random, metrics, `${stage}.bigtable_retries`);
    const store = new BigtableStore(bigtableClient(config.endpoints), config.endpoints, retry);
    const written = metrics.counter(`${stage}.rows_written`);
    const rejected = metrics.counter(`${stage}.rows_rejected`);
    const freshness = metrics.distribution(`${stage}.freshness_ms`);
    return {
      limits: bigtableLimits,
      prepare: (row) => row,
      sizeOf: rowBytes,
      async write(batch, now) {
        const refused = await store.writeRows(
          plan,
          batch.map(({ element }) => element),
        );
        const availableAtMs = now();
        const reasons = detailsOf(refused);
        written.add(batch.length - refused.length);
        rejected.add(refused.length);
        return batch.map(({ element: row }) => {
          const detail = reasons.get(row);
          if (detail !== undefined) {
            return {
              value: rejectedRow("Bigtable", JSON.stringify(row), row.maxPublishTimeMs, detail),
              tag: REJECTED_TAG,
            };
          }
          if (row.timing === "EARLY") freshness.update(availableAtMs - row.maxPublishTimeMs);
          return { value: { ...row, availableAtMs, generation, origin: "stream" } };
        });
      },
    };
  });
}

/** Bytes of a row's entry in a request, nearly. */
function rowBytes({ key, values }: FeatureRow): number {
  let bytes = 120 + key.length;
  for (const value of values) bytes += typeof value === "string" ? 2 + value.length : 9;
  return bytes;
}
