import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, encodeTimers, fired, Stage } from "./stage.ts";

/*
 * A key's elements and timers take turns, in the order in which they came, whatever the DoFn awaits and wherever in the
 * bundle it stands. Between keys no order is promised (it happens to be the same one: a bundle is worked off in a line).
 */
const fixture = connectedWorker();
const pairs = kvCoder(utf8Coder, varintCoder);
let trace: string[] = [];

/** Takes longer for smaller numbers; tells when it begins and ends, and what its key's state was in between. */
registerDoFn("dawdle", (): DoFn<KV<string, number>, KV<string, number>> => {
  const work = async (
    what: string,
    turns: number,
    history: { read(): string | undefined; write(s: string): void },
  ) => {
    const before = history.read() ?? "";
    trace.push(`${what} begins after "${before}"`);
    for (let n = 0; n < turns; n++) await setImmediate();
    history.write(`${before}${what} `);
    trace.push(`${what} ends`);
  };
  return {
    process: ({ key, value }, context) =>
      work(`${key}${value}`, 10 - value, context.value<string>("history")),
    onTimer: (context) =>
      work(`${String(context.key)}@${context.fireMs}`, 5, context.value<string>("history")),
  };
});
registerDoFn("twice in a row", (): DoFn<KV<string, number>, KV<string, number>> => ({
  process({ key, value }, context) {
    context.emit({ key, value });
    context.emit({ key, value: value + 1 });
  },
}));

const SPEC = {
  doFn: "dawdle",
  output: pairs,
  states: { history: { kind: "value", coder: utf8Coder } },
  timers: { end: { domain: "event", key: utf8Coder } },
} as const;

test("each waits for the one before it", async () => {
  //  in: a1 b2 a3 │ timers a@5 b@5 a@6 │ a7
  trace = [];
  const stage = new Stage(fixture.runner);
  const input = stage.source(pairs);
  stage.parDo(input, "dawdle", SPEC);
  const bundle = fixture.runner.bundle("stage");
  const some = (...list: [string, number][]) =>
    encode(
      input,
      list.map(([key, value]) => element({ key, value })),
    );
  bundle.send("source", some(["a", 1], ["b", 2], ["a", 3]));
  const timers = [fired("a", 5), fired("b", 5), fired("a", 6, { tag: "x" })];
  bundle.fire("dawdle", "end", encodeTimers(utf8Coder, timers), true);
  bundle.send("source", some(["a", 7]), true);
  await bundle.done;
  expect(trace).toEqual([
    'a1 begins after ""',
    "a1 ends",
    'b2 begins after ""',
    "b2 ends",
    'a3 begins after "a1 "',
    "a3 ends",
    'a@5 begins after "a1 a3 "',
    "a@5 ends",
    'b@5 begins after "b2 "',
    "b@5 ends",
    'a@6 begins after "a1 a3 a@5 "',
    "a@6 ends",
    'a7 begins after "a1 a3 a@5 a@6 "',
    "a7 ends",
  ]);
});

test("also behind another DoFn, which emits several at once", async () => {
  //  a1 → a1 a2 → dawdle; timer a@5; a3 → a3 a4 → dawdle
  trace = [];
  const stage = new Stage(fixture.runner);
  const input = stage.source(pairs);
  const twice = stage.parDo(input, "twice", { doFn: "twice in a row", output: pairs });
  stage.parDo(twice, "dawdle", SPEC);
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element({ key: "a", value: 1 })]));
  bundle.fire("dawdle", "end", encodeTimers(utf8Coder, [fired("a", 5)]), true);
  bundle.send("source", encode(input, [element({ key: "a", value: 3 })]), true);
  await bundle.done;
  expect(trace.filter((line) => line.includes("begins"))).toEqual([
    'a1 begins after ""',
    'a2 begins after "a1 "',
    'a@5 begins after "a1 a2 "',
    'a3 begins after "a1 a2 a@5 "',
    'a4 begins after "a1 a2 a@5 a3 "',
  ]);
});
