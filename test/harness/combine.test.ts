import { OutputTime_Enum } from "apache-beam/proto/beam_runner_api";
import { expect, test } from "vitest";
import {
  intervalWindowCoder,
  iterableCoder,
  kvCoder,
  utf8Coder,
  varintCoder,
} from "../../pipeline/harness/coders.ts";
import type { CombineFn } from "../../pipeline/harness/dofn.ts";
import { registerCombineFn } from "../../pipeline/harness/registry.ts";
import { IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, received, Stage, values } from "./stage.ts";

const fixture = connectedWorker();
const pairs = kvCoder(utf8Coder, varintCoder);

/** Mean, with [sum, count] as `1000 · sum + count`, so that accumulators are told from inputs and outputs. */
registerCombineFn("mean", (): CombineFn<number, number, number> => ({
  zero: () => 0,
  add: (accumulator, input) => accumulator + 1000 * input + 1,
  merge: (a, b) => a + b,
  output: (accumulator) => Math.floor(accumulator / 1000) / (accumulator % 1000),
}));
registerCombineFn("fails", (): CombineFn => ({
  zero: () => 0,
  add: () => {
    throw new Error("can't add");
  },
  merge: (a) => a,
  output: (a) => a,
}));

test("precombine adds up what a bundle holds of a key and window", async () => {
  const stage = new Stage(fixture.runner);
  const input = stage.source(pairs, intervalWindowCoder);
  const output = stage.combine(input, "combine_per_key_precombine", "mean", pairs);
  stage.sink(output);
  const [first, second] = [new IntervalWindow(0, 10), new IntervalWindow(5, 15)];
  const bundle = fixture.runner.bundle("stage");
  const elements = [
    element({ key: "a", value: 3 }, { timestamp: 1, windows: [first] }),
    element({ key: "b", value: 4 }, { timestamp: 2, windows: [first] }),
    element({ key: "a", value: 5 }, { timestamp: 6, windows: [first, second] }),
  ];
  bundle.send("source", encode(input, elements), true);
  await bundle.done;
  const out = received(bundle, output).map(({ value, timestamp, windows }) => [
    value,
    timestamp,
    windows[0]?.start,
  ]);
  expect(out).toEqual([
    [{ key: "a", value: 8002 }, 6, 0],
    [{ key: "b", value: 4001 }, 2, 0],
    [{ key: "a", value: 5001 }, 6, 5],
  ]);
});

test.each([
  ["latest", OutputTime_Enum.LATEST_IN_PANE, 6],
  ["earliest", OutputTime_Enum.EARLIEST_IN_PANE, 1],
  ["end of window", OutputTime_Enum.END_OF_WINDOW, 9],
])("a group's timestamp is the strategy's: %s", async (_name, outputTime, timestamp) => {
  const stage = new Stage(fixture.runner);
  const input = stage.source(pairs, intervalWindowCoder);
  const windowing = stage.descriptor.windowingStrategies[`windowing of ${input.id}`];
  if (!windowing) throw new Error("the stage has no such strategy");
  windowing.outputTime = outputTime;
  const output = stage.combine(input, "combine_per_key_precombine", "mean", pairs);
  stage.sink(output);
  const windows = [new IntervalWindow(0, 10)];
  const bundle = fixture.runner.bundle("stage");
  const at = (ms: number) => element({ key: "a", value: 1 }, { timestamp: ms, windows });
  bundle.send("source", encode(input, [at(3), at(6), at(1)]), true);
  await bundle.done;
  expect(received(bundle, output).map((out) => out.timestamp)).toEqual([timestamp]);
});

test("precombine hands groups on before it holds too many; nothing is lost", async () => {
  const stage = new Stage(fixture.runner);
  const input = stage.source(pairs);
  const output = stage.combine(input, "combine_per_key_precombine", "mean", pairs);
  stage.sink(output);
  const keys = 30_000;
  const elements = Array.from({ length: 2 * keys }, (_, i) => element({ key: `k${i % keys}`, value: 1 }));
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, elements), true);
  await bundle.done;
  const out = values(bundle, output) as { key: string; value: number }[];
  expect(out.length).toBeGreaterThan(keys); // some keys came in two parts
  expect(out.reduce((sum, { value }) => sum + (value % 1000), 0)).toBe(2 * keys);
});

test.each([
  ["combine_per_key_merge_accumulators", [8002, 4001], 12003],
  ["combine_per_key_extract_outputs", 8002, 4],
  ["combine_per_key_convert_to_accumulators", 7, 7001],
  ["combine_grouped_values", [3, 5, 4], 4],
])("%s", async (step, value, want) => {
  const stage = new Stage(fixture.runner);
  const coder = Array.isArray(value) ? kvCoder(utf8Coder, iterableCoder(varintCoder)) : pairs;
  const input = stage.source(coder);
  const output = stage.combine(input, step, "mean", pairs);
  stage.sink(output);
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element({ key: "a", value }, { timestamp: 77 })]), true);
  await bundle.done;
  expect(received(bundle, output).map((out) => [out.value, out.timestamp])).toEqual([
    [{ key: "a", value: want }, 77],
  ]);
});

test("an error of a CombineFn names its transform", async () => {
  const stage = new Stage(fixture.runner);
  const input = stage.source(pairs);
  stage.sink(stage.combine(input, "combine_per_key_precombine", "fails", pairs));
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, [element({ key: "a", value: 1 })]), true);
  await expect(bundle.done).rejects.toThrow("graph/combine_per_key_precombine: combine failed: can't add");
});
