import { expect, test } from "vitest";
import {
  bytesCoder,
  globalWindowCoder,
  intervalWindowCoder,
  utf8Coder,
  varintCoder,
} from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { GLOBAL_WINDOWS, IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, numbers, oneDoFn, received, Stage, values } from "./stage.ts";

const fixture = connectedWorker();
registerDoFn("pass", (): DoFn<number, number> => ({ process: (n, context) => context.emit(n) }));
registerDoFn("double", (): DoFn<number, number> => ({ process: (n, context) => context.emit(2 * n) }));

test("elements keep their order, from block to block", async () => {
  const { input, output } = oneDoFn(fixture.runner, "double");
  const bundle = fixture.runner.bundle("stage");
  bundle.send("source", encode(input, numbers(1, 2)));
  bundle.send("source", encode(input, []));
  bundle.send("source", encode(input, numbers(3)), true);
  await bundle.done;
  expect(values(bundle, output)).toEqual([2, 4, 6]);
});

test("a bundle of 200,000 elements in one message comes through whole and in order", async () => {
  const { input, output } = oneDoFn(fixture.runner, "pass");
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
  const { input, output } = oneDoFn(fixture.runner, "double");
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
  const { input, output } = oneDoFn(fixture.runner, "relabel odd");
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
