import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { bytesCoder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { connectedWorker, gate } from "./fixture.ts";
import { element, encode, numbers, Stage, values } from "./stage.ts";

const HIGH_WATER = 1_000_000;
const fixture = connectedWorker({ highWaterBytes: HIGH_WATER });

/** The most that the transport takes before all stands still, bytes: 16 messages of 1 MB in gRPC, and as many in HTTP/2. */
const IN_FLIGHT = 40_000_000;

test("a full transport stops the DoFn between elements, and lets it go on", async () => {
  let processed = 0;
  registerDoFn("large", (): DoFn<number, Uint8Array> => ({
    process(n, context) {
      processed++;
      context.emit(Buffer.alloc(100_000, n));
    },
  }));
  const count = 1000; // 100 MB
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  const output = stage.parDo(input, "large", { doFn: "large", output: bytesCoder });
  stage.sink(output);
  const bundle = fixture.runner.bundle("stage");
  const server = fixture.runner.dataCall().then((call) => call.pause());
  bundle.send("source", encode(input, numbers(...Array.from({ length: count }, (_, i) => i % 100))), true);
  await server;
  await vi.waitFor(() => {
    expect(fixture.worker.backPressure.stalls).toBeGreaterThan(0);
  });
  const stopped = processed;
  const progress = {
    oneofKind: "processBundleProgress",
    processBundleProgress: { instructionId: bundle.instruction },
  } as const;
  await fixture.runner.instruct(progress); // the worker lives
  expect(processed).toBe(stopped);
  expect(100_000 * processed).toBeLessThan(IN_FLIGHT);
  expect(fixture.worker.backPressure.drains).toBe(fixture.worker.backPressure.stalls - 1);
  (await fixture.runner.dataCall()).resume();
  await bundle.done;
  expect(values(bundle, output)).toHaveLength(count);
  expect(fixture.worker.backPressure.drains).toBe(fixture.worker.backPressure.stalls);
});

test("a slow DoFn stops the runner, and lets it go on: what waits is bounded", async () => {
  const [count, size] = [1000, 100_000]; // 100 MB
  const held = gate();
  let processed = 0;
  registerDoFn("slow", (): DoFn<Uint8Array, number> => ({
    async process(_bytes, context) {
      await (++processed === 1 ? held.opened : setImmediate());
      context.emit(processed);
    },
  }));
  const stage = new Stage(fixture.runner);
  const input = stage.source(bytesCoder);
  const output = stage.parDo(input, "slow", { doFn: "slow" });
  stage.sink(output);
  const bundle = fixture.runner.bundle("stage");
  const block = encode(input, [element(Buffer.alloc(size))]);
  for (let n = 0; n < count; n++) bundle.send("source", block, n === count - 1);
  await vi.waitFor(() => {
    expect(fixture.worker.backPressure.pauses).toBe(1);
  });
  // The runner is told: most of it is still there, whatever time passes.
  const { writableLength } = await fixture.runner.dataCall();
  expect(writableLength * size).toBeGreaterThan(count * size - IN_FLIGHT);
  held.open();
  await bundle.done;
  expect(values(bundle, output)).toHaveLength(count);
  const { pauses, resumes, mostBufferedBytes } = fixture.worker.backPressure;
  expect(resumes).toBe(pauses);
  expect(mostBufferedBytes).toBeLessThanOrEqual(HIGH_WATER + block.length);
});

test("a DoFn that makes many outputs of one element can wait for the transport", async () => {
  let made = 0;
  registerDoFn("generate", (): DoFn<number, Uint8Array> => ({
    async process(n, context) {
      for (; made < n; made++) {
        context.emit(Buffer.alloc(100_000));
        await context.ready();
      }
    },
  }));
  const count = 1000; // 100 MB
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  const output = stage.parDo(input, "generate", { doFn: "generate", output: bytesCoder });
  stage.sink(output);
  const bundle = fixture.runner.bundle("stage");
  const paused = fixture.runner.dataCall().then((call) => call.pause());
  bundle.send("source", encode(input, [element(count)]), true);
  await paused;
  await vi.waitFor(() => {
    expect(fixture.worker.backPressure.stalls).toBeGreaterThan(0);
  });
  expect(100_000 * made).toBeLessThan(IN_FLIGHT);
  (await fixture.runner.dataCall()).resume();
  await bundle.done;
  expect(values(bundle, output)).toHaveLength(count);
});
