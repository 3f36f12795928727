import { describe, expect, test } from "vitest";
import {
  bytesCoder,
  intervalWindowCoder,
  jsonCoder,
  kvCoder,
  utf8Coder,
  varintCoder,
} from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import type { FakeBundle } from "../support/fake-bundle.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, Stage, values } from "./stage.ts";
import type { Collection, ParDoSpec } from "./stage.ts";

const fixture = connectedWorker();
const pairs = kvCoder(utf8Coder, varintCoder);
type Pair = KV<string, number>;

/** Sums each key in a value, and reports `key=sum`. */
registerDoFn("sum in a value", (): DoFn<Pair, string> => ({
  process({ key, value }, context) {
    const state = context.value<number>("sum");
    const sum = (state.read() ?? 0) + value;
    if (sum === 0) state.clear();
    else state.write(sum);
    context.emit(`${key}=${sum}`);
  },
}));
const SUM: ParDoSpec = {
  doFn: "sum in a value",
  output: utf8Coder,
  states: { sum: { kind: "value", coder: varintCoder } },
};

/** Keeps a log in a bag and works on its sum; reports of how many elements it was folded. 0 replaces the log, −1 fails, −2 clears. */
registerDoFn("log", (): DoFn<Pair, string> => ({
  process({ key, value }, context) {
    const log = context.bag<number>("log");
    let folded = "remembered";
    const state = log.folded((elements) => {
      folded = `folded of ${elements.length}`;
      return { sum: elements.reduce((a, b) => a + b, 0) };
    });
    if (value === -1) throw new Error("asked to fail");
    if (value === 0) log.replace([state.sum]);
    else if (value === -2) log.clear();
    else {
      log.add(value);
      state.sum += value;
    }
    context.emit(`${key}=${value === -2 ? 0 : state.sum} ${folded}`);
  },
}));
const LOG: ParDoSpec = {
  doFn: "log",
  output: utf8Coder,
  states: { log: { kind: "bag", coder: varintCoder } },
};

/** Runs bundles of one stateful DoFn, each of some pairs, under cache tokens. */
function stateful(spec: ParDoSpec, coder = pairs as Collection["coder"], window?: Collection["window"]) {
  const stage = new Stage(fixture.runner);
  const input = window ? stage.source(coder, window) : stage.source(coder);
  const output = stage.parDo(input, "stateful", spec);
  stage.sink(output);
  const begin = (token?: string): FakeBundle => {
    const cacheTokens = token
      ? [{ type: { oneofKind: "userState" as const, userState: {} }, token: Buffer.from(token) }]
      : [];
    return fixture.runner.bundle("stage", { cacheTokens });
  };
  const run = async (list: readonly (readonly [string, number])[], token?: string) => {
    const bundle = begin(token);
    bundle.send(
      "source",
      encode(
        input,
        list.map(([key, value]) => element({ key, value })),
      ),
      true,
    );
    await bundle.done;
    return values(bundle, output);
  };
  return { input, output, begin, run };
}

/** How many state requests of each kind were made since the last call. */
function requests(): string[] {
  return fixture.runner.stateRequests.splice(0);
}

describe("values", () => {
  test("are read once and written once for a key and bundle", async () => {
    const { run } = stateful(SUM);
    expect(await run([["a", 1], ["b", 10], ["a", 2]])).toEqual(["a=1", "b=10", "a=3"]); // prettier-ignore
    // The runner knows a key by its nested encoding: length, then text. The global window takes no bytes.
    expect(requests().sort()).toEqual([
      "append sum@/\x01a",
      "append sum@/\x01b",
      "get sum@/\x01a",
      "get sum@/\x01b",
    ]);
    expect(await run([["a", 4]])).toEqual(["a=7"]);
    expect(requests()).toEqual(["get sum@/\x01a", "clear sum@/\x01a", "append sum@/\x01a"]);
  });

  test("that are cleared are gone; an empty one is not cleared again", async () => {
    const { run } = stateful(SUM);
    await run([["a", 5]]);
    await run([["a", -5]]);
    expect(fixture.runner.state.size).toBe(0);
    requests();
    expect(await run([["a", 0]])).toEqual(["a=0"]);
    expect(requests()).toEqual(["get sum@/\x01a"]);
  });

  test("are written as they are when the bundle ends", async () => {
    registerDoFn("mutate", (): DoFn<Pair, string> => {
      let written: number[] = [];
      return {
        process({ value }, context) {
          if (value === 1) context.value<number[]>("list").write((written = [1]));
          else written.push(value);
        },
      };
    });
    const { run } = stateful({ doFn: "mutate", states: { list: { kind: "value", coder: jsonCoder } } });
    await run([["a", 1], ["a", 2]]); // prettier-ignore
    expect(fixture.runner.state.get("list@/\x01a")?.toString()).toBe("\x05[1,2]");
  });

  test("that come in pieces are put together", async () => {
    const text = "x".repeat(1000);
    registerDoFn("remember", (): DoFn<Pair, string> => ({
      process(_pair, context) {
        const state = context.value<string>("text");
        context.emit(state.read() ?? "none");
        state.write(text);
      },
    }));
    const { run } = stateful({
      doFn: "remember",
      output: utf8Coder,
      states: { text: { kind: "value", coder: utf8Coder } },
    });
    fixture.runner.statePageBytes = 100;
    expect(await run([["a", 0]])).toEqual(["none"]);
    expect(await run([["a", 0]])).toEqual([text]);
    expect(requests().filter((request) => request.startsWith("get"))).toHaveLength(1 + 11);
  });
});

describe("bags", () => {
  test("grow by appends alone; a replacement clears first", async () => {
    const { run } = stateful(LOG);
    await run([["a", 1], ["a", 2]]); // prettier-ignore
    expect(await run([["a", 3]])).toEqual(["a=6 folded of 2"]);
    expect(requests().filter((request) => !request.startsWith("get"))).toEqual([
      "append log@/\x01a",
      "append log@/\x01a",
    ]);
    expect(await run([["a", 0], ["a", 4]])).toEqual(["a=6 folded of 3", "a=10 remembered"]); // prettier-ignore
    expect(requests()).toEqual(["get log@/\x01a", "clear log@/\x01a", "append log@/\x01a"]);
    expect([...(fixture.runner.state.get("log@/\x01a") ?? [])]).toEqual([6, 4]);
    await run([["a", -2]]);
    expect(fixture.runner.state.size).toBe(0);
  });

  test("keep no elements once they are folded, until they are cleared", async () => {
    registerDoFn("read a folded bag", (): DoFn<Pair, string> => ({
      process({ value }, context) {
        const log = context.bag<number>("log");
        const seen = (): string => {
          try {
            return `read ${log.read().join("+")}`;
          } catch (error) {
            return (error as Error).message;
          }
        };
        log.folded((elements) => ({ sum: elements.length }));
        log.add(value);
        context.emit(seen());
        log.clear();
        log.add(value);
        context.emit(seen());
      },
    }));
    const { run } = stateful({ ...LOG, doFn: "read a folded bag" });
    const [folded, cleared] = await run([["a", 7]]);
    expect(folded).toMatch(/^a bag that was folded keeps no elements/);
    expect(cleared).toBe("read 7");
  });

  test("encode an element when it is added: what user code does to it later does not count", async () => {
    registerDoFn("append and spoil", (): DoFn<Pair, string> => ({
      process(_pair, context) {
        const entry = Buffer.from([1, 2, 3]);
        context.bag<Uint8Array>("log").add(entry);
        entry.fill(9);
      },
    }));
    const { run } = stateful({
      doFn: "append and spoil",
      states: { log: { kind: "bag", coder: bytesCoder } },
    });
    await run([["a", 0]]);
    expect([...(fixture.runner.state.get("log@/\x01a") ?? [])]).toEqual([3, 1, 2, 3]);
  });
});

describe("the cache", () => {
  test("reads a key once for as long as the token lasts, and remembers what was folded", async () => {
    const { run } = stateful(LOG);
    expect(await run([["a", 1]], "token 1")).toEqual(["a=1 folded of 0"]);
    expect(await run([["a", 2]], "token 1")).toEqual(["a=3 remembered"]);
    expect(await run([["a", 3], ["b", 1]], "token 1")).toEqual(["a=6 remembered", "b=1 folded of 0"]); // prettier-ignore
    expect(requests().filter((request) => request.startsWith("get"))).toEqual([
      "get log@/\x01a",
      "get log@/\x01b",
    ]);
  });

  test("ends with the token, and without a token is none", async () => {
    const { run } = stateful(LOG);
    await run([["a", 1]], "token 1");
    expect(await run([["a", 2]], "token 2")).toEqual(["a=3 folded of 1"]);
    expect(await run([["a", 3]])).toEqual(["a=6 folded of 2"]);
    expect(await run([["a", 4]])).toEqual(["a=10 folded of 3"]);
    expect(requests().filter((request) => request.startsWith("get"))).toHaveLength(4);
  });

  test("belongs to the token, not to the processor: bundles on two processors share it", async () => {
    const { input, output, begin, run } = stateful(LOG);
    const first = begin("token");
    const second = begin("token"); // the first is still open: a processor of its own
    const send = (bundle: FakeBundle, key: string, value: number) => {
      bundle.send("source", encode(input, [element({ key, value })]), true);
    };
    send(second, "b", 1);
    await second.done;
    send(first, "a", 1);
    await first.done;
    const third = begin("token");
    const fourth = begin("token");
    send(fourth, "a", 1);
    send(third, "b", 1);
    await Promise.all([third.done, fourth.done]);
    expect(values(third, output)).toEqual(["b=2 remembered"]);
    expect(values(fourth, output)).toEqual(["a=2 remembered"]);
    expect(await run([["a", 1]], "token")).toEqual(["a=3 remembered"]);
  });

  test("drops everything of a token when one of its bundles fails", async () => {
    const { run } = stateful(LOG);
    await run([["a", 1], ["b", 1]], "token"); // prettier-ignore
    await expect(run([["a", 5], ["a", -1]], "token")).rejects.toThrow("asked to fail"); // prettier-ignore
    requests();
    // The failed bundle had added 5 in memory: nothing of it was written, and nothing of it is remembered.
    expect(await run([["a", 2], ["b", 2]], "token")).toEqual(["a=3 folded of 1", "b=3 folded of 1"]); // prettier-ignore
    expect(requests().filter((request) => request.startsWith("get"))).toHaveLength(2);
  });

  test("takes nothing back from a bundle that was under way when another failed", async () => {
    const { input, output, begin, run } = stateful(LOG);
    const open = begin("token");
    open.send("source", encode(input, [element({ key: "a", value: 1 })]));
    await expect(run([["b", -1]], "token")).rejects.toThrow("asked to fail");
    open.send("source", encode(input, []), true);
    await open.done;
    expect(values(open, output)).toEqual(["a=1 folded of 0"]);
    expect(await run([["a", 1]], "token")).toEqual(["a=2 folded of 1"]);
  });
});

test("all states that a block of elements needs are asked for at once", async () => {
  const { run } = stateful(SUM);
  const keys = Array.from({ length: 500 }, (_, i): [string, number] => [`k${i}`, 1]);
  await run(keys);
  const kinds = requests().map((request) => request.split(" ")[0]);
  expect(kinds.slice(0, 500).every((kind) => kind === "get")).toBe(true);
  expect(kinds.slice(500).every((kind) => kind === "append")).toBe(true);
});

test("state is by window: an element of two windows is taken once in each", async () => {
  const { input, output, begin } = stateful(SUM, pairs, intervalWindowCoder);
  const windows = [new IntervalWindow(0, 10), new IntervalWindow(5, 15)];
  const bundle = begin();
  const [first] = windows;
  if (!first) throw new Error("unreachable");
  const both = element({ key: "a", value: 1 }, { windows });
  const one = element({ key: "a", value: 2 }, { windows: [first] });
  bundle.send("source", encode(input, [both, one]), true);
  await bundle.done;
  expect(values(bundle, output)).toEqual(["a=1", "a=1", "a=3"]);
  expect(new Set(requests()).size).toBe(4);
});

test("a stateful DoFn behind another one loads what it needs, in order", async () => {
  const stage = new Stage(fixture.runner);
  const input = stage.source(varintCoder);
  registerDoFn("to pairs", (): DoFn<number, Pair> => ({
    process(n, context) {
      context.emit({ key: "a", value: n });
      context.emit({ key: "b", value: n });
    },
  }));
  const output = stage.parDo(
    stage.parDo(input, "pairs", { doFn: "to pairs", output: pairs }),
    "stateful",
    SUM,
  );
  stage.sink(output);
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element(1), element(2)]), true);
  await bundle.done;
  expect(values(bundle, output)).toEqual(["a=1", "b=1", "a=3", "b=3"]);
});

test("a state that isn't declared, or is of another kind, is named", async () => {
  registerDoFn("wrong state", (): DoFn<Pair, string> => ({
    process({ value }, context) {
      if (value === 1) context.bag("sum");
      else context.value("other");
    },
  }));
  const { run } = stateful({ ...SUM, doFn: "wrong state" });
  await expect(run([["a", 1]])).rejects.toThrow('graph/stateful: bag state "sum" is not declared');
  await expect(run([["a", 2]])).rejects.toThrow('graph/stateful: value state "other" is not declared');
});

test("states of elements without keys are refused", async () => {
  const { begin } = stateful(SUM, varintCoder);
  await expect(begin().done).rejects.toThrow("graph/stateful: states and timers need key-value input");
});
