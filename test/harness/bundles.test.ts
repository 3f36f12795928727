import { describe, expect, test, vi } from "vitest";
import { bytesCoder, globalWindowCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn, ElementContext } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { GLOBAL_WINDOWS, IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker, gate } from "./fixture.ts";
import { element, encode, received, Stage, values } from "./stage.ts";

const fixture = connectedWorker();
/** What DoFns of these tests did, in order. */
let trace: string[] = [];
let held = gate();

/** A stage: source → the DoFn → sink. */
function oneDoFn(doFn: string, config?: unknown) {
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  const output = stage.parDo(input, doFn, { doFn, config });
  stage.sink(output);
  return { input, output };
}
const numbers = (...list: number[]) => list.map((n) => element(n));

registerDoFn("pass", (): DoFn<number, number> => ({ process: (n, context) => context.emit(n) }));
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

test("elements keep their order, from block to block", async () => {
  const { input, output } = oneDoFn("double");
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(1, 2)));
  bundle.send("source", encode(input, []));
  bundle.send("source", encode(input, numbers(3)), true);
  await bundle.done;
  expect(values(bundle, output)).toEqual([2, 4, 6]);
});

test("a bundle of 200,000 elements in one message comes through whole and in order", async () => {
  const { input, output } = oneDoFn("pass");
  const all = Array.from({ length: 200_000 }, (_, i) => i);
  const bundle = fixture.runner.bundle("stage");
  bundle.send(
    "source",
    encode(
      input,
      all.map((n) => element(n)),
    ),
    true,
  );
  await bundle.done;
  expect(values(bundle, output)).toEqual(all);
});

test("an element may be larger than gRPC's default limit, in both directions", async () => {
  registerDoFn("same bytes", (): DoFn<Uint8Array, Uint8Array> => ({
    process: (b, context) => context.emit(b),
  }));
  const stage = new Stage(fixture.runner);
  const input = stage.source(bytesCoder);
  const output = stage.parDo(input, "same bytes", { doFn: "same bytes", output: bytesCoder });
  stage.sink(output);
  const large = Buffer.alloc(10_000_000, "large");
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element(large)]), true);
  await bundle.done;
  const [out] = values(bundle, output) as Uint8Array[];
  expect(Buffer.compare(out ?? new Uint8Array(), large)).toBe(0);
});

test("elements may come embedded in the request", async () => {
  const { input, output } = oneDoFn("double");
  const instructionId = "bundle-0"; // the first of this runner
  const data = [{ instructionId, transformId: "source", data: encode(input, numbers(21)), isLast: true }];
  const bundle = fixture.runner.bundle("stage", { elements: { data, timers: [] } });
  await bundle.done;
  expect(values(bundle, output)).toEqual([42]);
});

test("timestamp, windows and pane pass through unless the DoFn names others", async () => {
  registerDoFn("relabel odd", (): DoFn<number, number> => ({
    process(n, context) {
      const { timestamp } = context;
      if (n % 2 === 0) context.emit(n);
      else
        context.emit(n, {
          timestamp: timestamp + 1,
          pane: { ...context.pane, timing: "LATE", index: 3, onTimeIndex: 2 },
        });
    },
  }));
  const { input, output } = oneDoFn("relabel odd");
  const pane = { timing: "EARLY", index: 2, onTimeIndex: -1, isFirst: false, isLast: false } as const;
  const at = { timestamp: 1_700_000_000_123, pane };
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element(1, at), element(2, at)]), true);
  await bundle.done;
  expect(received(bundle, output)).toEqual([
    {
      value: 1,
      timestamp: at.timestamp + 1,
      windows: GLOBAL_WINDOWS,
      pane: { ...pane, timing: "LATE", index: 3, onTimeIndex: 2 },
    },
    { value: 2, windows: GLOBAL_WINDOWS, ...at },
  ]);
});

test("tagged outputs go their own way; an unread one goes nowhere", async () => {
  registerDoFn("by parity", (): DoFn<number, number | string> => ({
    process(n, context) {
      if (n % 2 === 0) context.emit(n);
      else context.emit(`odd ${n}`, { tag: "odd" });
      context.emit(n, { tag: "unread" });
    },
  }));
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  const even = stage.parDo(input, "split", {
    doFn: "by parity",
    tags: { odd: utf8Coder, unread: varintCoder },
  });
  stage.sink(even);
  stage.sink(even.tags.odd, "odd sink");
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(1, 2, 3)), true);
  await bundle.done;
  expect(values(bundle, even)).toEqual([2]);
  expect(values(bundle, even.tags.odd, "odd sink")).toEqual(["odd 1", "odd 3"]);
});

test("a DoFn of ungrouped data sees an element of several windows once", async () => {
  registerDoFn("count windows", (): DoFn<number, number> => ({
    process: (_n, context) => context.emit(context.windows.length),
  }));
  const { intervalWindowCoder } = await import("../../pipeline/harness/coders.ts");
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder, intervalWindowCoder);
  const output = stage.parDo(input, "count", { doFn: "count windows" });
  stage.sink(output);
  const windows = [new IntervalWindow(0, 10), new IntervalWindow(5, 15)];
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element(1, { windows })]), true);
  await bundle.done;
  expect(received(bundle, output).map(({ value, windows: ws }) => [value, ws.map(({ start, end }) => [start, end])])).toEqual([
    [2, [[0, 10], [5, 15]]],
  ]); // prettier-ignore
});

test("flatten brings several inputs together", async () => {
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder, globalWindowCoder);
  const doubled = stage.parDo(input, "double", { doFn: "double" });
  const flat = stage.plain("flatten", "beam:transform:flatten:v1", [input, doubled]);
  stage.sink(flat);
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(1, 2)), true);
  await bundle.done;
  expect((values(bundle, flat) as number[]).sort()).toEqual([1, 2, 2, 4]);
});

describe("asynchronous DoFns", () => {
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
    const { input, output } = oneDoFn("background");
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
    const { input, output } = oneDoFn("wait for gate");
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
    const { input } = oneDoFn("busy");
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
    const { input } = oneDoFn("life");
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
});

describe("back-pressure", () => {
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

describe("failures", () => {
  registerDoFn("throw on 3", ({ late }: { late?: boolean }): DoFn<number, number> => ({
    process(n, context): void | Promise<void> {
      if (n === 3 && late) return Promise.reject(new Error("async trouble"));
      if (n === 3) throw new TypeError("sync trouble");
      context.emit(n);
    },
  }));

  test.each([
    [undefined, "TypeError: sync trouble"],
    [{ late: true }, "Error: async trouble"],
  ])("an error reaches the runner and its log with transform and stack (%j)", async (config, message) => {
    const { input } = oneDoFn("throw on 3", config ?? {});
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, numbers(1, 2, 3, 4)), true);
    const failure = await bundle.done.then(() => "", String);
    expect(failure).toContain("graph/throw on 3: process failed");
    expect(failure).toContain(message);
    expect(failure).toMatch(/bundles\.test\.ts:\d+:\d+/); // the DoFn's own line
    await vi.waitFor(() => {
      expect(fixture.runner.logs.map((entry) => [entry.severity, entry.instructionId])).toContainEqual([
        6,
        bundle.instruction,
      ]);
    });
    expect(fixture.runner.logs.some((entry) => entry.message.includes(message))).toBe(true);
  });

  test("a failed bundle leaves the next one alone, on a DoFn made anew", async () => {
    const { input, output } = oneDoFn("throw on 3", {});
    const bad = fixture.runner.bundle("stage");
    bad.send("source", encode(input, numbers(3)), true);
    await expect(bad.done).rejects.toThrow("sync trouble");
    bad.send("source", encode(input, numbers(5)), true); // dropped
    const good = fixture.runner.bundle("stage");
    good.send("source", encode(input, numbers(1)), true);
    await good.done;
    expect(values(good, output)).toEqual([1]);
    expect(bad.ended.size).toBe(0); // nothing more was said for the failed one
  });

  test.each(["startBundle", "finishBundle", "setup"])("an error of %s fails the bundle", async (method) => {
    const doFn = `fails in ${method}`;
    registerDoFn(doFn, (): DoFn => ({
      process: () => undefined,
      [method]: () => {
        throw new Error("no");
      },
    }));
    const { input } = oneDoFn(doFn);
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, numbers(1)), true);
    await expect(bundle.done).rejects.toThrow(`graph/${doFn}: ${method} failed: no`);
  });

  test("a DoFn can't swallow an error of what it emits to", async () => {
    registerDoFn("swallow", (): DoFn<number, number> => ({
      process(n, context) {
        try {
          context.emit(n);
        } catch {
          context.emit(0);
        }
      },
    }));
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    const output = stage.parDo(stage.parDo(input, "swallow", { doFn: "swallow" }), "behind", {
      doFn: "throw on 3",
      config: {},
    });
    stage.sink(output);
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, numbers(1, 3)), true);
    await expect(bundle.done).rejects.toThrow("graph/behind: process failed: sync trouble");
  });

  test("what finishBundle emits needs a timestamp and windows", async () => {
    registerDoFn("emit at the end", (): DoFn => ({
      process: () => undefined,
      finishBundle: (context) => context.emit(1),
    }));
    const { input } = oneDoFn("emit at the end");
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, []), true);
    await expect(bundle.done).rejects.toThrow("need a timestamp and windows");
  });

  test("an output that isn't there is named", async () => {
    registerDoFn("wrong tag", (): DoFn => ({ process: (n, context) => context.emit(n, { tag: "nowhere" }) }));
    const { input } = oneDoFn("wrong tag");
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, numbers(1)), true);
    await expect(bundle.done).rejects.toThrow('graph/wrong tag: no output "nowhere"');
  });

  test("an output after the bundle's end is an error of who made it, and reaches nobody", async () => {
    let late: ElementContext<number> | undefined;
    registerDoFn("keeps its context", (): DoFn<number, number> => ({
      process(_n, context) {
        late ??= context;
      },
    }));
    const { input, output } = oneDoFn("keeps its context");
    const first = fixture.runner.bundle("stage");
    first.send("source", encode(input, numbers(1)), true);
    await first.done;
    const second = fixture.runner.bundle("stage");
    await vi.waitFor(() => {
      expect(() => late?.emit(99)).toThrow("after its bundle had ended");
    });
    second.send("source", encode(input, numbers(2)), true);
    await second.done;
    expect(values(second, output)).toEqual([]);
  });

  test("a DoFn that isn't registered is named, with those that are", async () => {
    const { input } = oneDoFn("never registered");
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, numbers(1)), true);
    await expect(bundle.done).rejects.toThrow(
      /DoFn "never registered" is not registered in this worker \(registered: .*double/,
    );
  });
});
