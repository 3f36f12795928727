import { expect, it } from "vitest";
import { storedRowCoder } from "../../pipeline/beam/element-coders.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { refTo } from "../../pipeline/beam/view-ref.ts";
import { readStoredRows } from "../../pipeline/core/row-batch.ts";
import { features } from "../../pipeline/features/registry.ts";
import { bytesCoder } from "../../pipeline/harness/coders.ts";
import { connectedWorker } from "../harness/fixture.ts";
import { element, encode, received, Stage } from "../harness/stage.ts";
import { testStoredRow } from "../support/stores.ts";

/** Both ends of the reshuffle, in a worker that a fake runner drives; the reshuffle itself is the runner's. */
registerTransforms(features);
const fixture = connectedWorker();
const plan = features.plan("user_purchases");

const row = (key: string) => testStoredRow(plan, { key, values: plan.columns.map(() => null) });

/** One bundle of rows, each a millisecond earlier than the one before it. */
async function pack(keys: readonly string[]) {
  const stage = new Stage(fixture.runner);
  const input = stage.source(storedRowCoder);
  const packed = stage.parDo(input, "pack", { doFn: "pack rows", output: bytesCoder });
  stage.sink(packed);
  const bundle = fixture.runner.bundle("stage");
  const elements = keys.map((key, i) => element(row(key), { timestamp: -i }));
  bundle.send("source", encode(input, elements), true);
  await bundle.done;
  return { packed, elements: received(bundle, packed) };
}

it("a bundle's rows cross as one element, at the earliest of their timestamps", async () => {
  const { elements } = await pack(["a", "b", "c"]);
  expect(elements.map(({ timestamp }) => timestamp)).toEqual([-2]);
  expect(readStoredRows(plan, elements[0]?.value as Uint8Array)).toEqual(["a", "b", "c"].map(row));
});

it("many rows cross as several, none too large", async () => {
  const keys = Array.from({ length: 5000 }, (_, i) => String(i));
  const { elements } = await pack(keys);
  expect(elements.length).toBeGreaterThan(1);
  for (const { value } of elements) expect((value as Uint8Array).length).toBeLessThan(2 ** 16 + 1024);
  const read = elements.flatMap(({ value }) => readStoredRows(plan, value as Uint8Array));
  expect(read.map(({ key }) => key)).toEqual(keys);
});

it("rows come out again one by one", async () => {
  const { elements } = await pack(["a", "b"]);
  const stage = new Stage(fixture.runner, "behind the reshuffle");
  const input = stage.source(bytesCoder);
  const unpacked = stage.parDo(input, "unpack", {
    doFn: "unpack rows",
    config: refTo(plan),
    output: storedRowCoder,
  });
  stage.sink(unpacked);
  const bundle = fixture.runner.bundle("behind the reshuffle");
  bundle.send("source", encode(input, elements), true);
  await bundle.done;
  expect(received(bundle, unpacked).map(({ value, timestamp }) => [value, timestamp])).toEqual([
    [row("a"), -1],
    [row("b"), -1],
  ]);
});
