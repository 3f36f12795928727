import { expect, test } from "vitest";
import { varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { Finalizations } from "../../pipeline/harness/finalization.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { connectedWorker } from "./fixture.ts";
import { encode, numbers, Stage } from "./stage.ts";

let nowMs = 1_000;
const fixture = connectedWorker({ now: () => nowMs });
let ran: string[] = [];

/** Registers a callback for each element, valid for as many seconds as it says; −2 fails its bundle. */
registerDoFn("finalizes", (): DoFn<number, number> => ({
  startBundle(context) {
    context.afterBundleCommit(() => void ran.push("begun"));
  },
  process(n, context) {
    if (n === -2) throw new Error("asked to fail");
    context.afterBundleCommit(async () => {
      await Promise.resolve();
      ran.push(`element ${n}`);
    }, n * 1_000);
  },
}));
registerDoFn("finalizes without leave", (): DoFn<number, number> => ({
  process(_n, context) {
    context.afterBundleCommit(() => undefined);
  },
}));
registerDoFn("no callback", (): DoFn<number, number> => ({ process: () => undefined }));

async function run(doFn: string, list: readonly number[], finalizes = true) {
  ran = [];
  nowMs = 1_000;
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  stage.parDo(input, "final", { doFn, finalizes });
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(...list)), true);
  const { requiresFinalization } = await bundle.done;
  const finalize = async () => {
    const { instruction: instructionId } = bundle;
    const request = { oneofKind: "finalizeBundle", finalizeBundle: { instructionId } } as const;
    return (await fixture.runner.instruct(request)).error;
  };
  return { requiresFinalization, finalize };
}

test("callbacks run when the runner finalizes their bundle, in order, once", async () => {
  const { requiresFinalization, finalize } = await run("finalizes", [3, 1, 2]);
  expect(requiresFinalization).toBe(true);
  expect(ran).toEqual([]); // the bundle has been answered, and nothing ran
  expect(await finalize()).toBe("");
  expect(ran).toEqual(["begun", "element 3", "element 1", "element 2"]);
  expect(await finalize()).toBe("");
  expect(ran).toHaveLength(4);
});

test("a bundle without callbacks asks for nothing", async () => {
  const { requiresFinalization, finalize } = await run("no callback", [1]);
  expect(requiresFinalization).toBe(false);
  expect(await finalize()).toBe("");
});

test("callbacks of a bundle that failed don't run", async () => {
  await expect(run("finalizes", [1, -2])).rejects.toThrow("asked to fail");
  const request = { oneofKind: "finalizeBundle", finalizeBundle: { instructionId: "bundle-0" } } as const;
  expect((await fixture.runner.instruct(request)).error).toBe("");
  expect(ran).toEqual([]);
});

test("one that has expired doesn't run, the others do", async () => {
  //  registered at 1 s, valid for 1, 2 and 3 s; finalized at 3 s
  const { finalize } = await run("finalizes", [1, 2, 3]);
  nowMs = 3_000;
  await finalize();
  expect(ran).toEqual(["begun", "element 3"]);
});

test("one that fails is reported with its transform, and keeps no other from running", async () => {
  registerDoFn("fails first", (): DoFn<number, number> => ({
    process(n, context) {
      context.afterBundleCommit(() => {
        if (n === 1) throw new Error("callback trouble");
        ran.push("second");
      });
    },
  }));
  const failing = await run("fails first", [1, 2]);
  expect(await failing.finalize()).toContain(
    "graph/final: a callback after the bundle's commit failed: callback trouble",
  );
  expect(ran).toEqual(["second"]);
});

test("a transform that doesn't declare it can't register one", async () => {
  await expect(run("finalizes without leave", [1], false)).rejects.toThrow(
    "graph/final: a callback after the bundle's commit, which the transform doesn't declare (\"finalizes\")",
  );
});

test("what a runner never finalizes goes when it has expired", () => {
  let time = 0;
  const kept = new Finalizations(() => time);
  const callback = (expiresMs: number) => ({ transform: "t", run: () => undefined, expiresMs });
  kept.keep("one", [callback(10), callback(20)]);
  kept.keep("two", [callback(30)]);
  time = 20;
  kept.keep("three", []);
  expect(kept.size).toBe(1); // two
});
