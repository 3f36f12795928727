import { expect, test, vi } from "vitest";
import { varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { GLOBAL_WINDOWS } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker, gate } from "./fixture.ts";
import { element, encode, numbers, oneDoFn, Stage, values } from "./stage.ts";

const fixture = connectedWorker();
/** What DoFns of these tests did, in order. */
let trace: string[] = [];
let held = gate();

registerDoFn("double", (): DoFn<number, number> => ({ process: (n, context) => context.emit(2 * n) }));
registerDoFn("slow for even", (): DoFn<number, number> => ({
  async process(n, context) {
    if (n % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    trace.push(`slow ${n}`);
    context.emit(n);
  },
}));
registerDoFn("wait for gate", (): DoFn<number, number> => ({
  async process(n, context) {
    trace.push(`waits with ${n}`);
    await held.opened;
    context.emit(n);
  },
}));

test("an element's promise is awaited before the next element, also behind another DoFn", async () => {
  registerDoFn("twice", (): DoFn<number, number> => ({
    process(n, context) {
      context.emit(n);
      context.emit(n + 1);
      trace.push(`emitted ${n}`);
    },
  }));
  trace = [];
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  const twice = stage.parDo(input, "twice", { doFn: "twice" });
  const output = stage.parDo(twice, "slow", { doFn: "slow for even" });
  stage.sink(output);
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(10, 20)), true);
  await bundle.done;
  expect(values(bundle, output)).toEqual([10, 11, 20, 21]);
  expect(trace).toEqual(["emitted 10", "slow 10", "slow 11", "emitted 20", "slow 20", "slow 21"]);
});

test("a bundle is not answered before its work is done", async () => {
  trace = [];
  held = gate();
  registerDoFn("background", (): DoFn<number, number> => {
    const open: Promise<void>[] = [];
    return {
      process(n) {
        open.push(held.opened.then(() => void trace.push(`written ${n}`)));
      },
      async finishBundle(context) {
        await Promise.all(open);
        context.emit(0, { timestamp: 0, windows: GLOBAL_WINDOWS });
        trace.push("finished");
      },
    };
  });
  const { input, output } = oneDoFn(fixture.runner, "background");
  const bundle = fixture.runner.bundle("stage");
  void bundle.done.then(() => trace.push("answered"));
  bundle.send("source", encode(input, numbers(1, 2)), true);
  const progress = {
    oneofKind: "processBundleProgress",
    processBundleProgress: { instructionId: bundle.instruction },
  } as const;
  await fixture.runner.instruct(progress);
  expect(trace).toEqual([]);
  held.open();
  await bundle.done;
  expect(trace).toEqual(["written 1", "written 2", "finished", "answered"]);
  expect(values(bundle, output)).toEqual([0]);
});

test("bundles run side by side: one that waits doesn't hold another up", async () => {
  trace = [];
  held = gate();
  const { input, output } = oneDoFn(fixture.runner, "wait for gate");
  const quick = new Stage(fixture.runner, "quick");
  const quickInput = quick.source(varintCoder);
  const quickOutput = quick.parDo(quickInput, "double", { doFn: "double" });
  quick.sink(quickOutput);

  const stuck = [fixture.runner.bundle("stage"), fixture.runner.bundle("stage")];
  for (const [i, bundle] of stuck.entries()) bundle.send("source", encode(input, numbers(i, i + 10)), true);
  const other = fixture.runner.bundle("quick");
  other.send("source", encode(quickInput, numbers(1, 2, 3)), true);
  await other.done;
  expect(values(other, quickOutput)).toEqual([2, 4, 6]);
  await vi.waitFor(() => {
    expect(trace).toEqual(["waits with 0", "waits with 1"]); // a processor each
  });
  held.open();
  await Promise.all(stuck.map((bundle) => bundle.done));
  expect(stuck.map((bundle) => values(bundle, output))).toEqual([[0, 10], [1, 11]]); // prettier-ignore
});

test("a long bundle that never waits lets other instructions be answered meanwhile", async () => {
  let processed = 0;
  let processedWhenAnswered = Infinity;
  const progress = {
    oneofKind: "processBundleProgress",
    processBundleProgress: { instructionId: "any" },
  } as const;
  registerDoFn("busy", (): DoFn<number, number> => ({
    process() {
      processed++;
      if (processed > 1) return;
      void fixture.runner.instruct(progress).then(() => {
        processedWhenAnswered = processed;
      });
    },
  }));
  const { input } = oneDoFn(fixture.runner, "busy");
  const elements = Array.from({ length: 400_000 }, (_, i) => element(i));
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, elements), true);
  await bundle.done;
  expect(processed).toBe(elements.length);
  expect(processedWhenAnswered).toBeLessThan(elements.length);
});

test("the order of a DoFn's life: setup, then bundles, then teardown", async () => {
  trace = [];
  registerDoFn("life", (): DoFn<number, number> => {
    const step = (name: string) => async () => {
      await Promise.resolve();
      trace.push(name);
    };
    return {
      setup: step("setup"),
      startBundle: step("start"),
      process: (n) => void trace.push(`process ${n}`),
      finishBundle: step("finish"),
      teardown: step("teardown"),
    };
  });
  const { input } = oneDoFn(fixture.runner, "life");
  for (const n of [1, 2]) {
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, numbers(n)), true);
    await bundle.done;
  }
  await fixture.worker.stop();
  expect(trace).toEqual([
    "setup",
    "start",
    "process 1",
    "finish",
    "start",
    "process 2",
    "finish",
    "teardown",
  ]);
});
