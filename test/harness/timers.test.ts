import { describe, expect, test } from "vitest";
import { GLOBAL_WINDOW_MAX } from "../../pipeline/core/bytes.ts";
import { intervalWindowCoder, kvCoder, utf8Coder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import type { KV, TimerData } from "../../pipeline/harness/windowed-value.ts";
import { IntervalWindow } from "../../pipeline/harness/windowed-value.ts";
import type { FakeBundle } from "../support/fake-bundle.ts";
import { connectedWorker } from "./fixture.ts";
import { element, encode, encodeTimers, fired, received, setTimers, Stage, values } from "./stage.ts";

const fixture = connectedWorker();
const pairs = kvCoder(utf8Coder, utf8Coder);

/**
 * Does what its elements say: `set FAMILY TAG FIRE [HOLD]`, `clear FAMILY TAG`, `none`. On a timer it reports it,
 * and does `onTimer` of its configuration.
 */
registerDoFn("obey", ({ onTimer = "none" }: { onTimer?: string }): DoFn<KV<string, string>, string> => {
  type Context = Parameters<DoFn<KV<string, string>, string>["process"]>[1];
  const obey = (order: string, context: Context) => {
    const [verb, family = "", tag = "", fire, hold] = order.split(" ");
    const timer =
      verb === "set" || verb === "clear" ? context.timer(family, tag === "-" ? "" : tag) : undefined;
    if (verb === "set") timer?.set(Number(fire), hold === undefined ? undefined : Number(hold));
    if (verb === "clear") timer?.clear();
    if (verb === "emit") context.emit("emitted", { timestamp: Number(family) });
  };
  return {
    process({ value }, context) {
      obey(value, context);
    },
    onTimer(context) {
      context.emit(
        `${String(context.key)} ${context.family} ${context.tag || "-"} ${context.fireMs} ${context.holdMs}`,
      );
      obey(onTimer, context);
    },
  };
});

function stageWithTimers(onTimer?: string, window?: typeof intervalWindowCoder) {
  const stage = new Stage(fixture.runner);
  const input = window ? stage.source(pairs, window) : stage.source(pairs);
  const output = stage.parDo(input, "timed", {
    doFn: "obey",
    config: onTimer === undefined ? {} : { onTimer },
    output: utf8Coder,
    timers: { end: { domain: "event", key: utf8Coder }, early: { domain: "processing", key: utf8Coder } },
  });
  stage.sink(output);
  const send = (bundle: FakeBundle, orders: readonly string[], key = "a") => {
    bundle.send(
      "source",
      encode(
        input,
        orders.map((value) => element({ key, value })),
      ),
    );
  };
  const fire = (bundle: FakeBundle, family: string, timers: readonly TimerData<string>[]) => {
    bundle.fire("timed", family, encodeTimers(utf8Coder, timers));
  };
  const end = async (bundle: FakeBundle) => {
    bundle.send("source", new Uint8Array(), true);
    bundle.fire("timed", "end", new Uint8Array(), true);
    bundle.fire("timed", "early", new Uint8Array(), true);
    await bundle.done;
  };
  const sent = (bundle: FakeBundle, family: string) =>
    setTimers(bundle, `timed/${family}`, utf8Coder, window);
  return { input, output, send, fire, end, sent };
}

describe("setting", () => {
  test("a timer goes out with its fire and hold; the hold is the fire instant unless named", async () => {
    const { send, end, sent } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    send(bundle, ["set end - 5000", "set end x 6000 1000", "set early - 100 7000"]);
    await end(bundle);
    expect(sent(bundle, "end")).toEqual([fired("a", 5000), fired("a", 6000, { tag: "x", holdMs: 1000 })]);
    // In processing time the hold is of another clock: it may be later.
    expect(sent(bundle, "early")).toEqual([fired("a", 100, { holdMs: 7000 })]);
  });

  test("the last call for a key, family and tag wins", async () => {
    const { send, end, sent } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    send(bundle, ["set end - 1", "set end - 2", "set end x 3", "clear end x"]);
    send(bundle, ["set end - 4"], "b");
    await end(bundle);
    expect(sent(bundle, "end").map(({ key, tag, clear, fireMs }) => [key, tag, clear, fireMs])).toEqual([
      ["a", "", false, 2],
      ["a", "x", true, 0],
      ["b", "", false, 4],
    ]);
  });

  test("every family ends with isLast, also one that is idle", async () => {
    const { end } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    await end(bundle);
    expect(bundle.ended).toEqual(new Set(["sink", "timed/end", "timed/early"]));
    expect(bundle.timers.size).toBe(0);
  });

  test("a timer at the end of the global window is exact", async () => {
    const { send, end, sent } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    send(bundle, [`set end - ${GLOBAL_WINDOW_MAX}`]);
    await end(bundle);
    expect(sent(bundle, "end")[0]?.fireMs).toBe(GLOBAL_WINDOW_MAX);
  });

  test("a timer is of its window", async () => {
    const { input, end, sent } = stageWithTimers(undefined, intervalWindowCoder);
    const windows = [new IntervalWindow(0, 10), new IntervalWindow(5, 15)];
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, [element({ key: "a", value: "set end - 9" }, { windows })]));
    await end(bundle);
    expect(sent(bundle, "end").map((timer) => timer.windows.map(({ start }) => start))).toEqual([[0], [5]]);
  });

  test("a hold after the fire instant is refused, and so is an unknown family", async () => {
    const { send } = stageWithTimers();
    const late = fixture.runner.bundle("stage");
    send(late, ["set end - 1000 1001"]);
    await expect(late.done).rejects.toThrow(
      'graph/timed: timer "end" fires at 1000 but holds the watermark at 1001',
    );
    const unknown = fixture.runner.bundle("stage");
    send(unknown, ["set other - 1000"]);
    await expect(unknown.done).rejects.toThrow('graph/timed: timer family "other" is not declared');
  });
});

describe("firing", () => {
  test("onTimer sees key, family, tag and both instants; its outputs carry the hold", async () => {
    const { output, fire, end } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    fire(bundle, "end", [fired("a", 5000, { holdMs: 4000 }), fired("b", 6000, { tag: "x" })]);
    fire(bundle, "early", [fired("c", 7000)]);
    await end(bundle);
    expect(received(bundle, output).map(({ value, timestamp }) => [value, timestamp])).toEqual([
      ["a end - 5000 4000", 4000],
      ["b end x 6000 6000", 6000],
      ["c early - 7000 7000", 7000],
    ]);
  });

  test("a timer that this bundle moved or cleared does not fire with its old instant", async () => {
    const { output, send, fire, end, sent } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    send(bundle, ["set end - 9000"]);
    send(bundle, ["clear end -"], "b");
    fire(bundle, "end", [fired("a", 5000), fired("b", 5000), fired("c", 5000)]);
    await end(bundle);
    expect(values(bundle, output)).toEqual(["c end - 5000 5000"]);
    expect(sent(bundle, "end").map(({ key, fireMs, clear }) => [key, fireMs, clear])).toEqual([
      ["a", 9000, false],
      ["b", 0, true],
    ]);
  });

  test.each([
    ["clear end y", "y", ["x", "z"]],
    ["set end z 9000", "z", ["x", "y"]],
    ["set end y 5500", "y", ["x", "z"]], // later than it would have fired
  ])(
    "of several that fire together, one that another moves or clears does not: %s",
    async (onTimer, left, told) => {
      //  x 5000, which does so ── y 5000 ── z 6000
      const { output, fire, end, sent } = stageWithTimers(onTimer);
      const bundle = fixture.runner.bundle("stage");
      fire(bundle, "end", [
        fired("a", 5000, { tag: "x" }),
        fired("a", 5000, { tag: "y" }),
        fired("a", 6000, { tag: "z" }),
      ]);
      await end(bundle);
      expect(values(bundle, output).map((line) => String(line).split(" ")[2])).toEqual(told);
      expect(sent(bundle, "end").map(({ tag }) => tag)).toEqual([left]);
    },
  );

  test("an earlier instant that onTimer sets is the runner's to fire: it goes out, and the old one is done with", async () => {
    const { output, fire, end, sent } = stageWithTimers("set end - 4000");
    const bundle = fixture.runner.bundle("stage");
    fire(bundle, "end", [fired("a", 5000)]);
    await end(bundle);
    expect(values(bundle, output)).toEqual(["a end - 5000 5000"]);
    expect(sent(bundle, "end").map(({ fireMs }) => fireMs)).toEqual([4000]);
  });

  test("one that this bundle set to the very instant that fires is done with: it would fire twice", async () => {
    const { output, send, fire, end, sent } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    send(bundle, ["set end - 5000"]);
    fire(bundle, "end", [fired("a", 5000)]);
    await end(bundle);
    expect(values(bundle, output)).toEqual(["a end - 5000 5000"]);
    expect(sent(bundle, "end")).toEqual([]);
  });

  // The runner fired it before the element came: its watermark passes a timer between bundles only.
  test("a timer that comes in one message with an element fires first: what moves it comes too late", async () => {
    const { input, output, end, sent } = stageWithTimers();
    const bundle = fixture.runner.bundle("stage");
    const elements = encode(input, [element({ key: "a", value: "set end - 9000" })]);
    bundle.sendAndFire("source", elements, "timed", "end", encodeTimers(utf8Coder, [fired("a", 5000)]));
    await end(bundle);
    expect(values(bundle, output)).toEqual(["a end - 5000 5000"]);
    expect(sent(bundle, "end").map(({ fireMs }) => fireMs)).toEqual([9000]);
  });

  test("onTimer may arm the next", async () => {
    const { fire, end, sent } = stageWithTimers("set end - 6000");
    const bundle = fixture.runner.bundle("stage");
    fire(bundle, "end", [fired("a", 5000)]);
    await end(bundle);
    expect(sent(bundle, "end").map(({ fireMs }) => fireMs)).toEqual([6000]);
  });

  test("an output before the hold is refused: it would be late, silently", async () => {
    const { fire } = stageWithTimers("emit 3999");
    const bundle = fixture.runner.bundle("stage");
    fire(bundle, "end", [fired("a", 5000, { holdMs: 4000 })]);
    await expect(bundle.done).rejects.toThrow(
      'graph/timed: timer "end" may emit from its hold 4000 on, not at 3999',
    );
  });

  test("an output between hold and fire is fine", async () => {
    const { output, fire, end } = stageWithTimers("emit 4000");
    const bundle = fixture.runner.bundle("stage");
    fire(bundle, "end", [fired("a", 5000, { holdMs: 4000 })]);
    await end(bundle);
    expect(received(bundle, output).map(({ timestamp }) => timestamp)).toEqual([4000, 4000]);
  });

  test("states of the timers' keys are loaded before, all at once", async () => {
    registerDoFn("report on timer", (): DoFn<KV<string, string>, string> => ({
      process({ value }, context) {
        context.value<string>("last").write(value);
      },
      async onTimer(context) {
        await Promise.resolve();
        context.emit(`${String(context.key)} ${context.value<string>("last").read() ?? "nothing"}`);
      },
    }));
    const stage = new Stage(fixture.runner);
    const input = stage.source(pairs);
    const output = stage.parDo(input, "timed", {
      doFn: "report on timer",
      output: utf8Coder,
      states: { last: { kind: "value", coder: utf8Coder } },
      timers: { end: { domain: "event", key: utf8Coder } },
    });
    stage.sink(output);
    const first = fixture.runner.bundle("stage");
    first.send("source", encode(input, [element({ key: "a", value: "x" })]), true);
    first.fire("timed", "end", new Uint8Array(), true);
    await first.done;
    fixture.runner.stateRequests.length = 0;
    const second = fixture.runner.bundle("stage");
    second.fire("timed", "end", encodeTimers(utf8Coder, [fired("a", 1), fired("b", 1)]), true);
    second.send("source", new Uint8Array(), true);
    await second.done;
    expect(values(second, output)).toEqual(["a x", "b nothing"]);
    expect(fixture.runner.stateRequests).toEqual(["get last@/\x01a", "get last@/\x01b"]);
  });
});
