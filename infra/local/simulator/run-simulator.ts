import { setTimeout as sleepFor } from "node:timers/promises";
import { simulate } from "./simulate.ts";
import type { SimulatedMessage, SimulationOptions } from "./simulate.ts";

export interface RunOptions extends Omit<SimulationOptions, "startMs"> {
  /**
   * Publishes a batch, in order. The next one waits for it: a slow publisher slows the shop down. What it rejects
   * with ends the run; retrying is its business.
   */
  readonly publish: (messages: readonly SimulatedMessage[]) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Ends the run, between two batches. */
  readonly signal: AbortSignal;
  /** Ends the run after so many messages. @default without end */
  readonly maxMessages?: number;
  /** Waits; for tests. @default a timer */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const MAX_BATCH = 500;
/** Messages due within one tick leave together. */
const TICK_MS = 20;
/** Further behind (the machine slept, the publisher was stuck) the shop opens anew instead of catching up in a burst. */
const MAX_BEHIND_MS = 30_000;

/**
 * Publishes a simulated shop in real time, until the signal or `maxMessages` ends it.
 * @returns how many messages were published
 */
export async function runSimulator(options: RunOptions): Promise<number> {
  const { publish, now, signal, maxMessages = Infinity, sleep = sleepUnlessAborted } = options;
  let published = 0;
  const over = (): boolean => signal.aborted || published >= maxMessages;
  while (!over()) {
    const shop = batches(simulate({ ...options, startMs: now() }), now);
    for (const { messages, dueInMs } of shop) {
      if (dueInMs > 0) await sleep(Math.max(dueInMs, TICK_MS), signal);
      if (over() || dueInMs < -MAX_BEHIND_MS) break;
      if (messages.length === 0) continue;
      const batch = messages.slice(0, maxMessages - published);
      await publish(batch);
      published += batch.length;
    }
  }
  return published;
}

interface Batch {
  /** What is due. */
  readonly messages: readonly SimulatedMessage[];
  /** When there is none: how long until the next. Negative: how far behind the first one is. */
  readonly dueInMs: number;
}

/** Cuts the messages into batches of what is due at the moment when each is asked for. */
function* batches(messages: Generator<SimulatedMessage, never>, now: () => number): Generator<Batch, never> {
  let next = messages.next().value;
  for (;;) {
    const nowMs = now();
    const dueInMs = next.sendAtMs - nowMs;
    const due: SimulatedMessage[] = [];
    for (; next.sendAtMs <= nowMs && due.length < MAX_BATCH; next = messages.next().value) due.push(next);
    yield { messages: due, dueInMs };
  }
}

async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await sleepFor(ms, undefined, { signal }).catch(() => undefined);
}
