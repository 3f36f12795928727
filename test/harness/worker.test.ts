import { afterEach, beforeEach, expect, test } from "vitest";
import { kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { Worker } from "../../pipeline/harness/worker.ts";
import { FakeRunner } from "../support/fake-runner.ts";
import { element, encode, Stage, values } from "./stage.ts";

let runner: FakeRunner;
let worker: Worker;
beforeEach(async () => {
  runner = await FakeRunner.start();
  worker = new Worker({ id: "w1", controlEndpoint: runner.url, loggingEndpoint: runner.url });
});
afterEach(async () => {
  await worker.stop();
  runner.stop();
});

registerDoFn("double", () => ({
  process(n: number, context) {
    context.emit(2 * n);
  },
}));

test("elements go through a DoFn in order", async () => {
  const stage = new Stage(runner);
  const input = stage.source(varintCoder);
  const { main } = stage.parDo(input, "double", { doFn: "double", outputs: { main: varintCoder } });
  stage.sink(main!);
  const bundle = runner.bundle("stage");
  bundle.send(
    "source",
    encode(
      input,
      [1, 2, 3].map((n) => element(n)),
    ),
    true,
  );
  await bundle.done;
  expect(values(bundle, main!)).toEqual([2, 4, 6]);
});
