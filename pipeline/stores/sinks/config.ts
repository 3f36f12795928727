import type { ViewPlan } from "../../core/view-plan.ts";
import type { Metrics } from "../../harness/dofn.ts";
import type { StoreEndpoints } from "../endpoints.ts";
import { defaultRetryPolicy, type Retry, type RetryPolicy } from "../retry.ts";

/** What every sink's configuration holds: plain JSON in the graph. */
export interface SinkConfig {
  readonly endpoints: StoreEndpoints;
  /** @default defaultRetryPolicy */
  readonly retry?: RetryPolicy;
}

/** A sink of one view's rows. */
export interface ViewSinkConfig extends SinkConfig {
  readonly view: string;
  readonly version: number;
}

/** A sink that writes a table, and publishes too where there is a topic. */
export interface TopicSinkConfig extends SinkConfig {
  /** Short name; left out: the table only. */
  readonly topic?: string;
}

/** The sink of an event's dead letters. */
export interface DeadLetterSinkConfig extends TopicSinkConfig {
  /** The event's name. */
  readonly event: string;
}

/** What the sinks need of the process that registers them. */
export interface SinkEnvironment {
  /** @throws where worker and graph are of different definitions */
  plan(name: string, version: number): ViewPlan;
  /** For the jitter of retries, in [0, 1). */
  readonly random: () => number;
}

/** The additional output of sinks that can meet a row which the store refuses: its dead letters. */
export const REJECTED_TAG = "rejected";

/** The retries of one sink, counted as `name`. */
export function sinkRetry(
  { retry = defaultRetryPolicy }: SinkConfig,
  random: () => number,
  metrics: Metrics,
  name: string,
): Retry {
  const retries = metrics.counter(name);
  return { policy: retry, random, onRetry: () => retries.add(1) };
}
