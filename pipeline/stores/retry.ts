import { setTimeout } from "node:timers/promises";
import pRetry from "p-retry";
import { failureKind, remedy, TransientError } from "./failure.ts";
import {
  messageOf,
  type StoreCall,
  StoreConfigError,
  StoreRejectedError,
  StoreUnavailableError,
} from "./errors.ts";
import { within } from "./within.ts";

/** How long to insist. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Upper bound of the first delay, ms; each further bound is twice the one before. */
  readonly baseMs: number;
  /** Upper bound of any delay, ms. */
  readonly maxDelayMs: number;
  /** No attempt starts later than this after the first, ms. */
  readonly totalMs: number;
  /** Deadline of a single attempt, ms. An answer that comes later is not waited for; all writes may be repeated. */
  readonly attemptMs: number;
  /** How long one query of BigQuery may run, ms: a query takes longer than a write. @default BigQuery's own limit */
  readonly queryMs?: number;
}

/** Rides out a restart or a failover of a store; a longer outage fails the bundle, and the runner takes over. */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 10,
  baseMs: 50,
  maxDelayMs: 5_000,
  totalMs: 60_000,
  attemptMs: 20_000,
};

/** A policy with what the entry point lends it. */
export interface Retry {
  readonly policy: RetryPolicy;
  /** In [0, 1). */
  readonly random: () => number;
  /** @default a real timer */
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Ends it all: no further attempt is made, and one under way is cancelled where the client can. */
  readonly signal?: AbortSignal;
  /** Called before each further attempt. */
  readonly onRetry?: (call: StoreCall, error: unknown) => void;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the policy is used up. Delays have full jitter (between 0
 * and the bound), so that workers that failed together don't return together.
 * @param [accept] looks at an answer that came in time; what it throws fails the attempt
 * @throws StoreUnavailableError after the last attempt
 * @throws the reason of the signal, once it is aborted
 * @throws StoreConfigError at once, where something is missing or forbidden
 * @throws StoreRejectedError at once, where the request's content is refused
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function withRetry<T>(
  call: StoreCall,
  attempt: () => Promise<T>,
  retry: Retry,
  accept: (answer: T) => void = () => undefined,
): Promise<T> {
  const { policy, signal, sleep = (ms: number) => setTimeout(ms) } = retry;
  let attempts = 0;
  const once = async () => {
    attempts += 1;
    // Our own deadline, beside those of RPCs: BigQuery's client takes a timeout option and ignores it.
    const answer = await within(attempt(), policy.attemptMs, () => {
      return new TransientError(`no answer in ${policy.attemptMs} ms`);
    });
    accept(answer);
    return answer;
  };
  try {
    return await pRetry(once, {
      retries: policy.attempts - 1,
      minTimeout: 0, // the delay is ours, in onFailedAttempt: p-retry's jitter draws from Math.random
      maxRetryTime: policy.totalMs,
      ...(signal !== undefined && { signal }),
      shouldRetry: ({ error }) => failureKind(error) === "outage",
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft === 0 || failureKind(error) !== "outage") return;
        retry.onRetry?.(call, error);
        await sleep(backoffMs(policy, attemptNumber, retry.random()));
      },
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StoreConfigError) throw error;
    switch (failureKind(error)) {
      case "outage":
        throw new StoreUnavailableError(call, attempts, error);
      case "config":
        throw new StoreConfigError(
          `${call.store} could not ${call.operation} ${call.target}: ${messageOf(error)}; ${remedy(error)}`,
          { ...call },
          { cause: error },
        );
      case "rejected":
        throw new StoreRejectedError(call, error);
      case "defect":
        throw error;
    }
  }
}

/** The delay after failed attempt number `attempt` (from 1), ms, for a draw in [0, 1). */
export function backoffMs({ baseMs, maxDelayMs }: RetryPolicy, attempt: number, draw: number): number {
  return draw * Math.min(maxDelayMs, baseMs * 2 ** (attempt - 1));
}
