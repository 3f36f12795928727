import * as pb from "apache-beam/proto/beam_runner_api";
import { FixedWindowsPayload } from "apache-beam/proto/standard_window_fns";
import { describe, expect, test } from "vitest";
import { slidingWindows } from "../../pipeline/beam/windowing.ts";
import { intervalWindowCoder, varintCoder } from "../../pipeline/harness/coders.ts";
import { makeWindowFn } from "../../pipeline/harness/operators/window-fn.ts";
import { IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, received, Stage } from "./stage.ts";

const fixture = connectedWorker();

function sliding(sizeMs: number, periodMs: number): pb.FunctionSpec {
  const { strategy } = slidingWindows({ sizeMs, periodMs, allowedLatenessMs: 0, early: "none" });
  return strategy.windowFn ?? expect.fail();
}

function starts(windowFn: pb.FunctionSpec, timestamp: number): number[] {
  return makeWindowFn(windowFn)(timestamp).map(({ start }) => start);
}

function windowInto(windowFn: pb.FunctionSpec): Uint8Array {
  return pb.WindowIntoPayload.toBinary({ windowFn });
}

describe("sliding windows", () => {
  //  −20      −10        0         10        20
  //             [        ·         )           size 20, period 10: of −1 and 0 to 9
  test.each([
    [0, [0, -10]],
    [9, [0, -10]],
    [10, [10, 0]],
    [-1, [-10, -20]],
    [-10, [-10, -20]],
    [-11, [-20, -30]],
  ])("of 20 ms by 10 that hold %i", (timestamp, expected) => {
    expect(starts(sliding(20, 10), timestamp)).toEqual(expected);
  });

  test("are exact to the millisecond, on both sides of 1970", () => {
    expect(starts(sliding(1_500, 1), 1_700_000_000_123)).toHaveLength(1_500);
    expect(starts(sliding(2_500, 1_250), -1)).toEqual([-1_250, -2_500]);
    expect(starts(sliding(1_001, 1_001), -1_001)).toEqual([-1_001]);
  });

  //   0      3         10     13
  //   [      )         [      )          size 3, period 10
  test("that leave gaps hold nothing there", () => {
    const assign = makeWindowFn(sliding(3, 10));
    expect([2, 3, 9, 10].map((timestamp) => assign(timestamp).map(({ start }) => start))).toEqual([
      [0],
      [],
      [],
      [10],
    ]);
  });

  test("that aren't a multiple of the period differ within it", () => {
    const assign = makeWindowFn(sliding(15, 10));
    expect([4, 6].map((timestamp) => assign(timestamp).map(({ start }) => start))).toEqual([[0, -10], [0]]);
  });

  test("that are shared between elements are never one period's for another", () => {
    const assign = makeWindowFn(sliding(20, 10));
    expect([5, 7, 15, 5].map((timestamp) => assign(timestamp)[0]?.start)).toEqual([0, 0, 10, 0]);
  });
});

test("fixed windows begin at their offset", () => {
  const payload = FixedWindowsPayload.toBinary({
    size: { seconds: 1n, nanos: 0 },
    offset: { seconds: 0n, nanos: 300_000_000 },
  });
  expect(starts({ urn: "beam:window_fn:fixed_windows:v1", payload }, 299)).toEqual([-700]);
});

test("windows of no length are refused", () => {
  expect(() => makeWindowFn(sliding(0, 10))).toThrow("windows of 0 ms every 10 ms");
});

describe("a worker", () => {
  test("puts an element into all windows that hold it, in place of those it was in", async () => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder, intervalWindowCoder);
    const output = stage.plain(
      "slide",
      "beam:transform:window_into:v1",
      [input],
      windowInto(sliding(20, 10)),
    );
    stage.sink(output);
    const bundle = fixture.runner.bundle("stage");
    const given = element(7, { timestamp: -3, windows: [new IntervalWindow(0, 1_000)] });
    bundle.send("source", encode(input, [given]), true);
    await bundle.done;
    expect(
      received(bundle, output).map(({ value, timestamp, windows }) => [
        value,
        timestamp,
        windows.map(({ start, end }) => [start, end]),
      ]),
    ).toEqual([
      [
        7,
        -3,
        [
          [-10, 10],
          [-20, 0],
        ],
      ],
    ]);
  });

  test("says which window function it can't assign by, and where", async () => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    const sessions = { urn: "beam:window_fn:session_windows:v1", payload: new Uint8Array() };
    stage.sink(stage.plain("sessions", "beam:transform:window_into:v1", [input], windowInto(sessions)));
    await expect(fixture.runner.bundle("stage").done).rejects.toThrow(
      "can't assign windows by beam:window_fn:session_windows:v1",
    );
  });
});
