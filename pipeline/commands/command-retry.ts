import { defaultRetryPolicy, type Retry } from "../stores/retry.ts";

/** A person waits: give up after some seconds and say so. */
export const commandRetry: Retry = {
  policy: { ...defaultRetryPolicy, attempts: 5, totalMs: 10_000 },
  random: Math.random,
};
