import { parseTable } from "./bigquery-table.ts";
import { invalidArgument, unimplemented } from "./errors.ts";
import { compileFilter } from "./filter.ts";
import type { Filter } from "./filter.ts";
import type { ISubscription } from "./protos.ts";
import { durationMs, durationOf } from "./time.ts";

const DAY_MS = 86_400_000;
const DEFAULT_ACK_DEADLINE_S = 10;
const DEFAULT_RETENTION_MS = 7 * DAY_MS;
const MAX_RETENTION_MS = 31 * DAY_MS;
const DEFAULT_MIN_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;
const DEFAULT_MAX_ATTEMPTS = 5;

/** What a subscription's configuration means for the delivery of its messages. Lengths in milliseconds. */
export interface SubscriptionPolicy {
  readonly ackDeadlineMs: number;
  /** Older messages are dropped, acknowledged or not. */
  readonly retentionMs: number;
  /** Acknowledged messages are kept as long, for a seek. */
  readonly retainAcked: boolean;
  readonly ordered: boolean;
  readonly matches: Filter;
  /** How long a message stays away after it failed for the n-th time (from 1). */
  readonly backoffMs: (attempts: number) => number;
  /** Where a message goes that was handed out `maxAttempts` times in vain. */
  readonly deadLetter: { readonly topic: string; readonly maxAttempts: number } | undefined;
}

/**
 * A subscription's configuration with the service's defaults filled in, as Get answers it.
 * @throws PubsubError INVALID_ARGUMENT, or UNIMPLEMENTED for ways of delivery that are not here
 */
export function withDefaults(config: ISubscription): ISubscription {
  if (config.pushConfig?.pushEndpoint) throw unimplemented("Push delivery");
  if (config.cloudStorageConfig) throw unimplemented("A Cloud Storage subscription");
  if (config.bigtableConfig) throw unimplemented("A Bigtable subscription");
  if (config.enableExactlyOnceDelivery) throw unimplemented("Exactly-once delivery");
  if (config.messageTransforms?.length) throw unimplemented("A message transform");
  if (config.bigqueryConfig) checkBigQuery(config.bigqueryConfig);
  return {
    ...config,
    ackDeadlineSeconds: config.ackDeadlineSeconds || DEFAULT_ACK_DEADLINE_S,
    messageRetentionDuration: config.messageRetentionDuration ?? durationOf(DEFAULT_RETENTION_MS),
    pushConfig: config.pushConfig ?? {},
    state: "ACTIVE",
  };
}

/**
 * Reads the policy out of a configuration.
 * @throws PubsubError INVALID_ARGUMENT with the field, the value it had and what would be right
 */
export function policyOf(config: ISubscription): SubscriptionPolicy {
  const ackDeadlineS = config.ackDeadlineSeconds || DEFAULT_ACK_DEADLINE_S;
  within("ack_deadline_seconds", ackDeadlineS, 10, 600);
  const retentionMs = durationMs(config.messageRetentionDuration) ?? DEFAULT_RETENTION_MS;
  within("message_retention_duration (in ms)", retentionMs, 600_000, MAX_RETENTION_MS);
  return {
    ackDeadlineMs: ackDeadlineS * 1000,
    retentionMs,
    retainAcked: config.retainAckedMessages ?? false,
    ordered: config.enableMessageOrdering ?? false,
    matches: compileFilter(config.filter ?? ""),
    backoffMs: backoffOf(config.retryPolicy),
    deadLetter: deadLetterOf(config.deadLetterPolicy),
  };
}

function checkBigQuery(config: NonNullable<ISubscription["bigqueryConfig"]>): void {
  if (config.useTopicSchema || config.useTableSchema)
    throw unimplemented("Writing fields to columns of their own");
  parseTable(config.table ?? "");
}

/** Without a retry policy a message comes again at once; with one, doubling from the minimum to the maximum. */
function backoffOf(policy: ISubscription["retryPolicy"]): (attempts: number) => number {
  if (!policy) return () => 0;
  const minMs = durationMs(policy.minimumBackoff) ?? DEFAULT_MIN_BACKOFF_MS;
  const maxMs = durationMs(policy.maximumBackoff) ?? MAX_BACKOFF_MS;
  within("minimum_backoff (in ms)", minMs, 0, MAX_BACKOFF_MS);
  within("maximum_backoff (in ms)", maxMs, minMs, MAX_BACKOFF_MS);
  return (attempts) => Math.min(minMs * 2 ** (attempts - 1), maxMs);
}

function deadLetterOf(policy: ISubscription["deadLetterPolicy"]): SubscriptionPolicy["deadLetter"] {
  if (!policy?.deadLetterTopic) return undefined;
  const maxAttempts = policy.maxDeliveryAttempts || DEFAULT_MAX_ATTEMPTS;
  within("max_delivery_attempts", maxAttempts, 5, 100);
  return { topic: policy.deadLetterTopic, maxAttempts };
}

function within(field: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) {
    throw invalidArgument(`Invalid ${field} given: ${value}; it must be between ${min} and ${max}.`);
  }
}
