import { describe, expect, test, vi } from "vitest";
import { kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { log } from "../../pipeline/harness/log.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker, gate } from "./fixture.ts";
import { element, encode, Stage, values } from "./stage.ts";

/*
 * What a lost stream costs. The control stream is the worker itself: it ends without it (runner-gone.test.ts). A data or
 * state stream costs the bundles that use it, which the runner gives to it or another worker again, and the next bundle
 * opens a new one; the log stream costs nothing but the log's place.
 */
/** Longest wait for what the worker learns in its own time. */
const PATIENCE = { timeout: 30_000 };
const fixture = connectedWorker();
const pairs = kvCoder(utf8Coder, varintCoder);
let held = gate();
let entered = gate();

/** Sums each key. A negative number waits for the gate. */
registerDoFn("sum behind a gate", (): DoFn<KV<string, number>, number> => ({
  async process({ value }, context) {
    const state = context.value<number>("sum");
    state.write((state.read() ?? 0) + Math.abs(value));
    context.emit(state.read() ?? 0);
    entered.open();
    if (value < 0) await held.opened;
  },
}));

function stage() {
  held = gate();
  entered = gate();
  const built = new Stage(fixture.runner);
  const input = built.source(pairs);
  const output = built.parDo(input, "sum", {
    doFn: "sum behind a gate",
    states: { sum: { kind: "value", coder: varintCoder } },
  });
  built.sink(output);
  return (value: number) => {
    const userState = {
      type: { oneofKind: "userState" as const, userState: {} },
      token: Buffer.from("token"),
    };
    const bundle = fixture.runner.bundle("stage", { cacheTokens: [userState] });
    bundle.send("source", encode(input, [element({ key: "a", value })]), true);
    return { done: bundle.done.then(() => values(bundle, output)) };
  };
}

/** How often the worker has opened a stream to a service. */
const opened = (service: string) => fixture.runner.calls.filter(({ method }) => method === service).length;

describe.each(["data", "state"] as const)("a %s stream that is lost", (service) => {
  test("fails the bundle that uses it; the next one opens a new stream, and trusts nothing it had cached", async () => {
    const begin = stage();
    expect(await begin(1).done).toEqual([1]);
    const failing = begin(-10).done;
    await entered.opened;
    fixture.runner.drop(service);
    // As a runner does, a bundle that was quicker than the news is given again.
    expect(await vi.waitFor(() => begin(2).done, PATIENCE)).toEqual([3]);
    // The old one keeps to the stream that it began with: it can't be completed on another.
    held.open();
    await expect(failing).rejects.toThrow(`the ${service} stream to`);
    expect(await begin(4).done).toEqual([7]); // without the 10
    expect(opened(service)).toBe(2);
    expect(opened("control")).toBe(1);
  });

  test("between bundles costs at most a bundle that was quicker than the news", async () => {
    const begin = stage();
    await begin(1).done;
    fixture.runner.drop(service);
    expect(await vi.waitFor(() => begin(2).done, PATIENCE)).toEqual([3]);
    expect(opened(service)).toBe(2);
  });
});

test("a log stream that is lost: the worker goes on, its log stands on stderr", async () => {
  const stderr: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => stderr.push(String(text)) > 0);
  try {
    const begin = stage();
    log.info("to the runner");
    await vi.waitFor(() => {
      expect(fixture.runner.logs.map(({ message }) => message)).toContain("to the runner");
    }, PATIENCE);
    fixture.runner.drop("logging");
    await vi.waitFor(() => {
      log.info("to stderr");
      expect(stderr.join("")).toContain("to stderr");
    }, PATIENCE);
    expect(await begin(1).done).toEqual([1]);
  } finally {
    vi.restoreAllMocks();
  }
});
