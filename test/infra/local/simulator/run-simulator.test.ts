import { expect, test } from "vitest";
import { runSimulator } from "../../../../infra/local/simulator/run-simulator.ts";
import type { RunOptions } from "../../../../infra/local/simulator/run-simulator.ts";
import type { SimulatedMessage } from "../../../../infra/local/simulator/simulate.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** Runs on a clock that only sleeping and publishing move. */
async function run(options: Partial<RunOptions> & { publishingMs?: (batch: number) => number }) {
  let nowMs = START_MS;
  const batches: { atMs: number; messages: readonly SimulatedMessage[] }[] = [];
  const slept: number[] = [];
  const published = await runSimulator({
    seed: 1,
    ratePerSecond: 200,
    now: () => nowMs,
    signal: new AbortController().signal,
    sleep: (ms) => {
      slept.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
    publish: (messages) => {
      batches.push({ atMs: nowMs, messages });
      nowMs += options.publishingMs?.(batches.length) ?? 1;
      return Promise.resolve();
    },
    ...options,
  });
  return { published, batches, slept, all: batches.flatMap((batch) => batch.messages) };
}

test("every message leaves when it is due, within a tick, in order", async () => {
  const { published, batches, all } = await run({ maxMessages: 3_000 });
  expect(published).toBe(3_000);
  expect(all).toHaveLength(3_000);
  for (const { atMs, messages } of batches) {
    for (const { sendAtMs } of messages) {
      expect(sendAtMs).toBeLessThanOrEqual(atMs);
      expect(atMs - sendAtMs).toBeLessThanOrEqual(25);
    }
  }
  const sent = all.map((message) => message.sendAtMs);
  expect(sent).toEqual(sent.toSorted((a, b) => a - b));
});

test("a slow publisher gets larger batches, up to a bound, and catches up", async () => {
  const { batches, all } = await run({
    maxMessages: 3_000,
    publishingMs: (batch) => (batch === 5 ? 10_000 : 1),
  });
  expect(Math.max(...batches.map((batch) => batch.messages.length))).toBe(500);
  expect(new Set(all.map((message) => message.sendAtMs)).size).toBeGreaterThan(1_000);
});

test("after a long stop the shop opens anew instead of sending an old burst", async () => {
  const { batches } = await run({ maxMessages: 2_000, publishingMs: (batch) => (batch === 5 ? HOUR_MS : 1) });
  const after = batches.slice(5);
  expect(after.every(({ atMs, messages }) => messages.every(({ sendAtMs }) => atMs - sendAtMs < 100))).toBe(
    true,
  );
  const ids = new Set(
    batches.flatMap((batch) => batch.messages).map((message) => message.attributes["event_id"]),
  );
  expect(ids.size).toBeGreaterThan(1_900);
});

test("the signal ends it, in its sleep too", async () => {
  const stop = new AbortController();
  const running = runSimulator({
    seed: 1,
    // An event in a thousand seconds: it sleeps.
    ratePerSecond: 0.001,
    now: Date.now,
    signal: stop.signal,
    publish: () => Promise.reject(new Error("nothing is due")),
  });
  stop.abort();
  expect(await running).toBe(0);
});

test("what the publisher rejects with ends it", async () => {
  const broken = run({ publish: () => Promise.reject(new Error("no such topic")) });
  await expect(broken).rejects.toThrow("no such topic");
});
