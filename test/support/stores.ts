/** What tests of stores and sinks share: endpoints, retries that don't wait, rows. */
import type { FeatureRow, StoredRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { defaultRetryPolicy, type Retry } from "../../pipeline/stores/retry.ts";

/** Retries at once, `attempts` times. */
export function instantRetry(attempts = 4): Retry {
  return {
    policy: { ...defaultRetryPolicy, attempts, attemptMs: 10_000 },
    random: () => 0,
    sleep: () => Promise.resolve(),
  };
}

/**
 * Endpoints of emulators for one test: `name` becomes its instance and data set, so that tests share emulators and
 * nothing else. Addresses left out lead nowhere.
 */
export function testEndpoints(
  name: string,
  addresses: { readonly bigtable?: string; readonly bigquery?: string; readonly pubsubGrpc?: string } = {},
): StoreEndpoints {
  const { bigtable = "127.0.0.1:1", bigquery = "http://127.0.0.1:1", pubsubGrpc = "127.0.0.1:1" } = addresses;
  return {
    project: "local-dev",
    generation: 0,
    bigtable: { instance: name.replaceAll("_", "-"), emulatorHost: bigtable },
    bigquery: { dataset: name, apiEndpoint: bigquery },
    pubsub: { emulatorHost: pubsubGrpc },
  };
}

/** A row of a view with one value a column: its position, or null for text columns. */
export function testRow(plan: ViewPlan, changes: Partial<FeatureRow> = {}): FeatureRow {
  const windowEndMs = changes.windowEndMs ?? Date.UTC(2026, 0, 1, 12);
  return {
    view: plan.name,
    version: plan.version,
    key: "u1",
    windowEndMs,
    values: plan.columns.map(({ type }, i) => (type === "INT64" || type === "FLOAT64" ? i : null)),
    seq: 1,
    maxEventTimeMs: windowEndMs - 2_000,
    maxPublishTimeMs: windowEndMs - 1_000,
    emptyFromMs: windowEndMs + plan.longestMs,
    timing: "ON_TIME",
    ...changes,
  };
}

/** The same row as it is after its Bigtable write. */
export function testStoredRow(plan: ViewPlan, changes: Partial<StoredRow> = {}): StoredRow {
  const row = testRow(plan, changes);
  return { ...row, availableAtMs: row.windowEndMs + 500, generation: 0, origin: "stream", ...changes };
}
