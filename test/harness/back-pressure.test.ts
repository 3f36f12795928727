import { expect, test, vi } from "vitest";
import { bytesCoder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, numbers, Stage, values } from "./stage.ts";

const fixture = connectedWorker();

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
  expect(processed).toBeLessThan(count);
  (await fixture.runner.dataCall()).resume();
  await bundle.done;
  expect(values(bundle, output)).toHaveLength(count);
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
  expect(made).toBeLessThan(count);
  (await fixture.runner.dataCall()).resume();
  await bundle.done;
  expect(values(bundle, output)).toHaveLength(count);
});
