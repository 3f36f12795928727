import { FunctionSpec } from "apache-beam/proto/beam_runner_api";
import { describe, expect, test } from "vitest";
import { Writer } from "../../pipeline/core/bytes.ts";
import {
  coder,
  globalWindowCoder,
  intervalWindowCoder,
  iterableCoder,
  kvCoder,
  utf8Coder,
  varintCoder,
} from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, Stage, values } from "./stage.ts";

const fixture = connectedWorker();

registerDoFn("with rates", (): DoFn<number, string> => ({
  process(n, context) {
    context.emit(`${n}: ${context.sideInput<number>("rates").join()}`);
  },
}));

/** Concatenated nested encodings, as a runner holds a side input. */
function held(...numbers: number[]): Buffer {
  const writer = new Writer();
  for (const n of numbers) varintCoder.encode(n, writer, true);
  return writer.take();
}

function stageWithRates(window = globalWindowCoder, id = "stage") {
  const stage = new Stage(fixture.runner, id);
  const input = stage.source(varintCoder, window);
  const rates = stage.collection(varintCoder, window);
  const output = stage.parDo(input, "priced", {
    doFn: "with rates",
    output: utf8Coder,
    sideInputs: { rates },
  });
  stage.sink(output);
  const run = async (elements: readonly ReturnType<typeof element<number>>[], token?: string) => {
    const type = {
      oneofKind: "sideInput" as const,
      sideInput: { transformId: "priced", sideInputId: "rates" },
    };
    const cacheTokens = token ? [{ type, token: Buffer.from(token) }] : [];
    const bundle = fixture.runner.bundle(id, { cacheTokens });
    bundle.send("source", encode(input, elements), true);
    await bundle.done;
    return values(bundle, output);
  };
  return { stage, input, run };
}
const reads = () => fixture.runner.stateRequests.length;

describe("iterable side inputs", () => {
  test("are read once in a bundle, before process runs", async () => {
    const { run } = stageWithRates();
    fixture.runner.state.set("rates@", held(7, 300));
    expect(await run([element(1), element(2)])).toEqual(["1: 7,300", "2: 7,300"]);
    expect(fixture.runner.stateRequests).toEqual(["get rates@"]);
  });

  test("may be empty", async () => {
    const { run } = stageWithRates();
    expect(await run([element(1)])).toEqual(["1: "]);
  });

  test("are kept for as long as their token lasts", async () => {
    const { run } = stageWithRates();
    fixture.runner.state.set("rates@", held(1));
    expect(await run([element(1)], "t1")).toEqual(["1: 1"]);
    fixture.runner.state.set("rates@", held(2));
    expect(await run([element(1)], "t1")).toEqual(["1: 1"]);
    expect(reads()).toBe(1);
    expect(await run([element(1)], "t2")).toEqual(["1: 2"]);
    expect(await run([element(1)])).toEqual(["1: 2"]);
    expect(reads()).toBe(3);
  });

  test("are of the element's window", async () => {
    const { run } = stageWithRates(intervalWindowCoder);
    const [first, second] = [new IntervalWindow(0, 10), new IntervalWindow(5, 15)];
    fixture.runner.state.set(`rates@${first.id}`, held(1));
    fixture.runner.state.set(`rates@${second.id}`, held(2));
    expect(await run([element(9, { windows: [first, second] })])).toEqual(["9: 1", "9: 2"]);
  });

  test("are loaded behind another DoFn too", async () => {
    registerDoFn("same", (): DoFn<number, number> => ({ process: (n, context) => context.emit(n) }));
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    const rates = stage.collection(varintCoder);
    const between = stage.parDo(input, "same", { doFn: "same" });
    const output = stage.parDo(between, "priced", {
      doFn: "with rates",
      output: utf8Coder,
      sideInputs: { rates },
    });
    stage.sink(output);
    fixture.runner.state.set("rates@", held(5));
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, [element(1), element(2)]), true);
    await bundle.done;
    expect(values(bundle, output)).toEqual(["1: 5", "2: 5"]);
    expect(reads()).toBe(1);
  });

  test("that aren't declared are named", async () => {
    registerDoFn("asks for others", (): DoFn => ({
      process: (_n, context) => void context.sideInput("others"),
    }));
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    stage.parDo(input, "asks", {
      doFn: "asks for others",
      sideInputs: { rates: stage.collection(varintCoder) },
    });
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, [element(1)]), true);
    await expect(bundle.done).rejects.toThrow('graph/asks: side input "others" is not declared');
  });
});

/** As a runner writes a grouping that is too large for a message: some values, then a token for the rest. */
const behindState = coder<KV<string, readonly number[]>>("test:grouped:v1", {
  encode({ key, value }, to) {
    utf8Coder.encode(key, to, true);
    to.int32be(-1);
    if (value.length > 0) to.varint(value.length); // an empty block would be the end
    for (const n of value) to.varint(n);
    to.varint(-1);
    to.string(`rest of ${key}`);
  },
  decode: () => {
    throw new Error("only written");
  },
});

test("grouped values that continue behind the state channel are whole when process sees them", async () => {
  registerDoFn("total", (): DoFn<KV<string, readonly number[]>, string> => ({
    process: ({ key, value }, context) => context.emit(`${key}: ${value.join()}`),
  }));
  const stage = new Stage(fixture.runner);
  const input = stage.source(kvCoder(utf8Coder, iterableCoder(varintCoder)));
  for (const proto of Object.values(stage.descriptor.coders)) {
    if (proto.spec?.urn === "beam:coder:iterable:v1") proto.spec.urn = "beam:coder:state_backed_iterable:v1";
  }
  const output = stage.parDo(input, "total", { doFn: "total", output: utf8Coder });
  stage.sink(output);
  fixture.runner.state.set("rest of a", held(3, 4));
  fixture.runner.statePageBytes = 1;
  const bundle = fixture.runner.bundle("stage");
  const grouped = [element({ key: "a", value: [1, 2] }), element({ key: "b", value: [] })];
  bundle.send("source", encode({ ...input, coder: behindState }, grouped), true);
  await bundle.done;
  expect(values(bundle, output)).toEqual(["a: 1,2,3,4", "b: "]);
});

test("windows are mapped for side inputs by identity, and by nothing else", async () => {
  const mapping = (urn: string) => FunctionSpec.toBinary({ urn, payload: new Uint8Array() });
  const build = (id: string, urn: string) => {
    const stage = new Stage(fixture.runner, id);
    const input = stage.source(varintCoder);
    const output = stage.plain("map", "beam:transform:map_windows:v1", [input], mapping(urn));
    stage.sink(output);
    const bundle = fixture.runner.bundle(id);
    bundle.send("source", encode(input, [element(1)]), true);
    return { bundle, output };
  };
  const { bundle, output } = build("identity", "beam:window_mapping_fn:identity:v1");
  await bundle.done;
  expect(values(bundle, output)).toEqual([1]);
  await expect(build("other", "test:mapping:v1").bundle.done).rejects.toThrow(
    "can't map windows by test:mapping:v1",
  );
});
