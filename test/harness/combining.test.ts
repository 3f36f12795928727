import { expect, test } from "vitest";
import { Reader } from "../../pipeline/core/bytes.ts";
import { kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerCombineFn, registerDoFn } from "../../pipeline/harness/registry.ts";
import { MAX_ACCUMULATORS } from "../../pipeline/harness/state/combining-cell.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, Stage, values } from "./stage.ts";

/*
 * Combining state against a runner that keeps bags, as Flink does: which requests go out, and what is in the bag.
 */
const fixture = connectedWorker();
const pairs = kvCoder(utf8Coder, utf8Coder);
let merges = 0;

registerCombineFn("largest of", ({ least }: { least: number }) => ({
  zero: () => least,
  add: (largest: number, n: number) => Math.max(largest, n),
  merge: (one: number, other: number) => (merges++, Math.max(one, other)),
  output: (largest: number) => `largest ${largest}`,
}));

/** `read`, `clear`, or a number to add. */
registerDoFn("obey combining", (): DoFn<KV<string, string>, string> => ({
  process({ value }, context) {
    const state = context.combining<number, string>("largest");
    if (value === "read") context.emit(state.read());
    else if (value === "clear") state.clear();
    else state.add(Number(value));
  },
}));

function stage(combineFn = "largest of") {
  const { runner } = fixture;
  const built = new Stage(runner);
  const input = built.source(pairs);
  const largest = { kind: "combining", coder: varintCoder, combineFn, config: { least: -100 } } as const;
  const output = built.parDo(input, "keeper", {
    doFn: "obey combining",
    output: utf8Coder,
    states: { largest },
  });
  built.sink(output);
  /** Runs a bundle of orders for key `a`; what it read, what it asked of the runner, and what the bag then holds. */
  return async (orders: string, token?: string) => {
    const cacheTokens = token
      ? [{ type: { oneofKind: "userState" as const, userState: {} }, token: Buffer.from(token) }]
      : [];
    runner.stateRequests.length = 0;
    merges = 0;
    const bundle = runner.bundle("stage", { cacheTokens });
    const elements = orders.split(" ").map((value) => element({ key: "a", value }));
    bundle.send("source", encode(input, elements), true);
    await bundle.done;
    const asked = runner.stateRequests.map((request) => request.split(" ")[0]).join(" ");
    const reader = new Reader(runner.state.get("largest@/\x01a") ?? new Uint8Array());
    const bag: unknown[] = [];
    while (!reader.done) bag.push(reader.varint());
    return { read: values(bundle, output), asked, bag };
  };
}

test.each([undefined, "token"])(
  "a bundle that only adds appends one accumulator and merges none; cache %s",
  async (token) => {
    const run = stage();
    expect(await run("3 9 4", token)).toEqual({ read: [], asked: "get append", bag: [9] });
    const get = token === undefined ? "get " : "";
    expect(await run("2 1", token)).toEqual({ read: [], asked: `${get}append`, bag: [9, 2] });
    expect(merges).toBe(0);
    expect(await run("7", token)).toEqual({ read: [], asked: `${get}append`, bag: [9, 2, 7] });
  },
);

test.each([undefined, "token"])(
  "a read merges once, and what it merged takes the place of the rest; cache %s",
  async (token) => {
    const run = stage();
    const get = token === undefined ? "get " : "";
    await run("3", token);
    await run("5", token);
    expect(await run("4 read 9 read read 6", token)).toEqual({
      read: ["largest 5", "largest 9", "largest 9"],
      asked: `${get}clear append`,
      bag: [9],
    });
    expect(merges).toBe(2);
    // One accumulator needs no merge and no write.
    expect(await run("read read", token)).toEqual({
      read: ["largest 9", "largest 9"],
      asked: get.trim(),
      bag: [9],
    });
    expect(merges).toBe(0);
    expect(await run("8", token)).toEqual({ read: [], asked: `${get}append`, bag: [9, 8] });
  },
);

test("nothing added reads as the zero; cleared, it starts over", async () => {
  const run = stage();
  expect(await run("read")).toEqual({ read: ["largest -100"], asked: "get", bag: [] });
  await run("3");
  await run("5");
  expect(await run("9 clear read 1 2 read")).toEqual({
    read: ["largest -100", "largest 2"],
    asked: "get clear append",
    bag: [2],
  });
  expect(await run("clear")).toEqual({ read: [], asked: "get clear", bag: [] });
});

test("a state that is never read is merged before it grows long", async () => {
  const run = stage();
  for (let n = 0; n < MAX_ACCUMULATORS; n++) await run(String(n), "token");
  expect(merges).toBe(0);
  expect(await run("7", "token")).toEqual({ read: [], asked: "clear append", bag: [MAX_ACCUMULATORS - 1] });
});

test("a CombineFn that nobody registered is named", async () => {
  await expect(stage("nobody's")("1")).rejects.toThrow('CombineFn "nobody\'s" is not registered');
});
