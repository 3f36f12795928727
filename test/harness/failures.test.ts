import { expect, test, vi } from "vitest";
import { varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn, ElementContext } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { connectedWorker } from "./fixture.ts";
import { encode, numbers, oneDoFn, Stage, values } from "./stage.ts";

const fixture = connectedWorker();
registerDoFn("double", (): DoFn<number, number> => ({ process: (n, context) => context.emit(2 * n) }));

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
  const { input } = oneDoFn(fixture.runner, "throw on 3", config ?? {});
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(1, 2, 3, 4)), true);
  const failure = await bundle.done.then(() => "", String);
  expect(failure).toContain("graph/throw on 3: process failed");
  expect(failure).toContain(message);
  expect(failure).toMatch(/failures\.test\.ts:\d+:\d+/); // the DoFn's own line
  await vi.waitFor(() => {
    expect(fixture.runner.logs.map((entry) => [entry.severity, entry.instructionId])).toContainEqual([
      6,
      bundle.instruction,
    ]);
  });
  expect(fixture.runner.logs.some((entry) => entry.message.includes(message))).toBe(true);
});

test("a failed bundle leaves the next one alone, on a DoFn made anew", async () => {
  const { input, output } = oneDoFn(fixture.runner, "throw on 3", {});
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
  const { input } = oneDoFn(fixture.runner, doFn);
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
  const { input } = oneDoFn(fixture.runner, "emit at the end");
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, []), true);
  await expect(bundle.done).rejects.toThrow("need a timestamp and windows");
});

test("an output that isn't there is named", async () => {
  registerDoFn("wrong tag", (): DoFn => ({ process: (n, context) => context.emit(n, { tag: "nowhere" }) }));
  const { input } = oneDoFn(fixture.runner, "wrong tag");
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
  const { input, output } = oneDoFn(fixture.runner, "keeps its context");
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
  const { input } = oneDoFn(fixture.runner, "never registered");
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(1)), true);
  await expect(bundle.done).rejects.toThrow(
    /DoFn "never registered" is not registered in this worker \(registered: .*double/,
  );
});
