import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { workerMetadata } from "../../../pipeline/harness/channels/connect.ts";
import { DataChannel } from "../../../pipeline/harness/channels/data.ts";
import type { HarnessError } from "../../../pipeline/harness/errors.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

const HIGH_WATER = 10_000;
const block = (first: number, size = 1000) => Buffer.alloc(size, first);
const data = (instructionId: string, bytes: Uint8Array) => ({
  data: [{ instructionId, transformId: "t", data: bytes, isLast: false }],
  timers: [],
});

let runner: FakeRunner;
let channel: DataChannel;
let lost: HarnessError[];
beforeEach(async () => {
  lost = [];
  runner = await FakeRunner.start();
  channel = new DataChannel(runner.url, workerMetadata("w"), (error) => lost.push(error), HIGH_WATER);
});
afterEach(() => {
  channel.cancel();
  runner.stop();
});

/** The first byte of the next block of an instruction. */
async function next(instruction: string): Promise<number | undefined> {
  const { data: blocks } = await channel.inbox(instruction).next();
  return blocks[0]?.data[0];
}

test("a slow reader pauses the stream; nothing is lost, order is kept, and little waits", async () => {
  const [count, size] = [200, 5_000];
  for (let i = 0; i < count; i++) void runner.send(data("slow", block(i, size)));
  await vi.waitFor(() => {
    expect(channel.backPressure.pauses).toBe(1);
  });
  for (let i = 0; i < count; i++) expect(await next("slow")).toBe(i);
  const { pauses, resumes, mostBufferedBytes } = channel.backPressure;
  expect(pauses).toBeGreaterThan(1);
  expect(resumes).toBe(pauses);
  expect(mostBufferedBytes).toBeGreaterThan(HIGH_WATER);
  expect(mostBufferedBytes).toBeLessThanOrEqual(HIGH_WATER + size); // the message that was one too many, and no more
});

test("a stuck reader doesn't starve another: the stream reads on while one waits", async () => {
  for (let i = 0; i < 50; i++) void runner.send(data("stuck", block(i)));
  await vi.waitFor(() => {
    expect(channel.backPressure.pauses).toBe(1);
  });
  for (let i = 50; i < 100; i++) void runner.send(data("stuck", block(i)));
  void runner.send(data("hungry", block(7)));
  expect(await next("hungry")).toBe(7);
  for (let i = 0; i < 100; i++) expect(await next("stuck")).toBe(i);
});

test("a slow writer is told to wait, until the transport has room", async () => {
  const server = await runner.dataCall();
  server.pause();
  let full: Promise<unknown> | undefined;
  let sent = 0;
  while (!full && sent < 1000) {
    full = channel.send(data("out", block(1, 100_000)));
    sent++;
  }
  expect(full).toBeInstanceOf(Promise);
  expect(channel.send(data("out", block(2)))).toBe(full); // one wait for all
  expect(channel.backPressure.stalls).toBe(1);
  expect(channel.backPressure.drains).toBe(0);
  server.resume();
  await full;
  expect(channel.backPressure.drains).toBe(1);
  await vi.waitFor(() => {
    expect(channel.send(data("out", block(3)))).toBeUndefined(); // there is room again
  });
});

test("one message may hold several instructions' elements and timers", async () => {
  const part = (instructionId: string) => ({ instructionId, transformId: "t", isLast: false });
  void runner.send({
    data: [
      { ...part("a"), data: block(1) },
      { ...part("b"), data: block(2) },
      { ...part("a"), data: block(3) },
    ],
    timers: [{ ...part("b"), timerFamilyId: "f", timers: block(4) }],
  });
  const a = await channel.inbox("a").next();
  const b = await channel.inbox("b").next();
  expect(a.data.map((d) => d.data[0])).toEqual([1, 3]);
  expect(a.timers).toEqual([]);
  expect(b.data.map((d) => d.data[0])).toEqual([2]);
  expect(b.timers.map((t) => t.timers[0])).toEqual([4]);
});

test("what comes for an instruction that has ended is dropped", async () => {
  channel.close("over");
  for (let i = 0; i < 50; i++) void runner.send(data("over", block(i)));
  void runner.send(data("next", block(9)));
  expect(await next("next")).toBe(9);
  expect(channel.backPressure.pauses).toBe(0); // dropped bytes don't count as waiting
});

test("closing an instruction frees what it had not taken", async () => {
  for (let i = 0; i < 50; i++) void runner.send(data("failed", block(i)));
  await vi.waitFor(() => {
    expect(channel.backPressure.pauses).toBe(1);
  });
  channel.close("failed");
  void runner.send(data("next", block(9)));
  expect(await next("next")).toBe(9);
});

test("a runner that dies fails every wait, once, and later calls too", async () => {
  const waiting = channel.inbox("a").next();
  await runner.dataCall();
  runner.stop();
  await expect(waiting).rejects.toMatchObject({ code: "runner_gone" });
  await expect(channel.inbox("a").next()).rejects.toMatchObject({ code: "runner_gone" });
  await expect(channel.inbox("new").next()).rejects.toMatchObject({ code: "runner_gone" });
  expect(() => channel.send(data("a", block(0)))).toThrow(/broke|ended/);
  await vi.waitFor(() => {
    expect(lost).toHaveLength(1);
  });
});

test("what came before the runner died is still given out", async () => {
  for (let i = 0; i < 3; i++) void runner.send(data("a", block(i)));
  expect(await next("a")).toBe(0);
  await vi.waitFor(async () => {
    expect(await next("a")).toBe(1);
  });
  channel.cancel();
  const rest = await Promise.allSettled([channel.inbox("a").next(), channel.inbox("a").next()]);
  expect(rest.at(-1)).toMatchObject({ status: "rejected", reason: { code: "runner_gone" } });
});
