import { describe, expect, it } from "vitest";
import { eventRowCoder, featureRowCoder, lateEventCoder } from "../../pipeline/beam/element-coders.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { shardCoder } from "../../pipeline/beam/slices.ts";
import { refTo } from "../../pipeline/beam/view-ref.ts";
import { keyedSlicesCoder, sliceMaps } from "../../pipeline/beam/windows-by-beam.ts";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import type { EventRow, FeatureRow } from "../../pipeline/core/model.ts";
import { writeSlice, writeSliceEvent } from "../../pipeline/core/slice-batch.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { SliceMap } from "../../pipeline/core/slice-map.ts";
import { addEvent, emptyPartial } from "../../pipeline/core/slice-partial.ts";
import { layoutOf } from "../../pipeline/core/view-layout.ts";
import { features } from "../../pipeline/features/registry.ts";
import { bytesCoder, intervalWindowCoder, varintCoder } from "../../pipeline/harness/coders.ts";
import { IntervalWindow, type Pane } from "../../pipeline/harness/windowed-value.ts";
import { connectedWorker } from "../harness/fixture.ts";
import { element, encode, encodeTimers, fired, received, setTimers, Stage } from "../harness/stage.ts";
import { testEvent } from "../support/plans.ts";

/*
 * The DoFns on both sides of Beam's own windows, in a worker that a fake runner drives. It doesn't prove the windows in
 * between: they are the runner's.
 */
registerTransforms(features);
const fixture = connectedWorker();
const plan = features.plan("user_purchases"); // s = 1 m, L = 1 h, lateness 5 m, slack 1 h
const config = { ...refTo(plan), layout: layoutOf(plan) };
const MINUTE = 60_000;
const CLOSED_AFTER = plan.slideMs + plan.allowedLatenessMs + plan.slackMs;

const purchase = (timeMs: number, eventId = `at ${timeMs}`) =>
  toSliceEvent(
    plan,
    testEvent(timeMs, { eventId, value: { amount_usd: 2, country: "US", item_id: "i" } as never }),
  );

/** Events of `u` in the slice that starts at `sliceMs`, as they come to a shard. */
function batch(sliceMs: number, ...events: ReturnType<typeof purchase>[]) {
  const to = new Writer();
  writeSlice(sliceMs, to);
  for (const event of events) writeSliceEvent(plan, sliceMs, "u", event, to);
  return element({ key: 0, value: to.take() }, { timestamp: sliceMs });
}

function mapOf(...timesMs: number[]): SliceMap {
  const map = new SliceMap(plan);
  for (const timeMs of timesMs) {
    const partial = emptyPartial(plan, Math.floor(timeMs / MINUTE) * MINUTE);
    addEvent(plan, partial, purchase(timeMs));
    map.merge(SliceMap.of(plan, partial));
  }
  return map;
}

const slicesOf = (value: unknown) =>
  SliceMap.decode(plan, new Reader(value as Uint8Array)).slices.map(({ sliceMs, eventIds }) => [
    sliceMs,
    eventIds,
  ]);

describe("before the windows", () => {
  /** One bundle of `admit`: batches, then ends that fire. */
  async function admit(batches: readonly ReturnType<typeof batch>[], endsMs: readonly number[] = []) {
    const stage = new Stage(fixture.runner);
    const input = stage.source(shardCoder);
    const output = stage.parDo(input, "admit", {
      doFn: "admit",
      config: { ...config, everyEnd: true },
      output: keyedSlicesCoder,
      tags: { late: lateEventCoder },
      states: { log: { kind: "bag", coder: bytesCoder } },
      timers: { end: { domain: "event", key: varintCoder } },
    });
    stage.sink(output);
    stage.sink(output.tags.late, "late");
    const bundle = fixture.runner.bundle("stage");
    if (endsMs.length > 0) {
      const timers = endsMs.map((endMs) => fired(0, endMs - 1));
      bundle.fire("admit", "end", encodeTimers(varintCoder, timers));
    }
    bundle.send("source", encode(input, batches), true);
    bundle.fire("admit", "end", new Uint8Array(), true);
    await bundle.done;
    const armed = setTimers(bundle, "admit/end", varintCoder).at(-1);
    return {
      admitted: received(bundle, output).map(({ value, timestamp }) => {
        const { key, value: slices } = value as { key: string; value: Uint8Array };
        return { key, timestamp, slices: slicesOf(slices) };
      }),
      late: received(bundle, output.tags.late, "late").map(
        ({ value }) => (value as { reason: string }).reason,
      ),
      armedMs: armed && !armed.clear ? armed.fireMs + 1 : undefined,
    };
  }

  it("lets each event in once, its slice's together, at the slice's start", async () => {
    const again = await admit([batch(0, purchase(5), purchase(6), purchase(5)), batch(0, purchase(6))]);
    expect(again).toEqual({
      admitted: [{ key: "u", timestamp: 0, slices: [[0, ["at 5", "at 6"]]] }],
      late: [],
      armedMs: MINUTE,
    });
  });

  //   0    1m        …        66m   67m
  //   [ a ) ▲ fires            └ closed after: lateness 5 m and slack 1 h behind its end
  it("knows every end that has fired, and refuses whole what is of a closed slice", async () => {
    expect(await admit([batch(0, purchase(5))])).toMatchObject({ armedMs: MINUTE });
    expect(await admit([], [MINUTE])).toMatchObject({ armedMs: 2 * MINUTE });
    expect(await admit([batch(0, purchase(6))], [CLOSED_AFTER])).toMatchObject({
      late: [],
      admitted: [{ slices: [[0, ["at 6"]]] }],
    });
    expect(await admit([batch(0, purchase(7))], [CLOSED_AFTER + MINUTE])).toMatchObject({
      late: ["window_closed"],
      admitted: [],
    });
  });
});

describe("windows by timers", () => {
  //   0    1m   2m
  //   [ab  )ON_TIME        a: 5   b: 6, twice
  it("tell each event with the row that includes it, at once, where that is asked for", async () => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(shardCoder);
    const output = stage.parDo(input, "windows", {
      doFn: "windows by timers",
      config: { ...config, early: false, eachEvent: true },
      output: featureRowCoder,
      tags: { late: lateEventCoder, each_event: eventRowCoder },
      states: { log: { kind: "bag", coder: bytesCoder } },
      timers: {
        end: { domain: "event", key: varintCoder },
        early: { domain: "processing", key: varintCoder },
      },
    });
    stage.sink(output);
    stage.sink(output.tags.each_event, "each");
    const bundle = async (batches: readonly ReturnType<typeof batch>[], endsMs: readonly number[] = []) => {
      const run = fixture.runner.bundle("stage");
      const timers = endsMs.map((endMs) => fired(0, endMs - 1));
      run.fire("windows", "end", encodeTimers(varintCoder, timers), true);
      run.fire("windows", "early", new Uint8Array(), true);
      run.send("source", encode(input, batches), true);
      await run.done;
      return {
        each: received(run, output.tags.each_event, "each").map(({ value }) => {
          const { event, row } = value as EventRow;
          return `${event.eventId}: ${row.timing} ${row.windowEndMs}, seq ${row.seq}`;
        }),
        rows: received(run, output).map(({ value }) => {
          const { timing, windowEndMs, seq } = value as FeatureRow;
          return `${timing} ${windowEndMs}, seq ${seq}`;
        }),
      };
    };
    expect(await bundle([batch(0, purchase(5), purchase(6), purchase(6))])).toEqual({
      each: ["at 5: EARLY 60000, seq 1", "at 6: EARLY 60000, seq 2"],
      rows: [],
    });
    expect(await bundle([batch(0, purchase(7))], [MINUTE])).toEqual({
      each: ["at 7: LATE 60000, seq 3"],
      rows: ["ON_TIME 60000, seq 2", "LATE 60000, seq 3"],
    });
  });
});

describe("in the windows", () => {
  it("accumulators merge alike as maps and as the bytes that crossed the shuffle", () => {
    const fn = sliceMaps(plan);
    const bytes = (map: SliceMap) => {
      const to = new Writer();
      map.encode(to);
      return to.take();
    };
    const whole = fn.add(fn.add(fn.zero(), mapOf(5)), mapOf(MINUTE + 5)) as SliceMap;
    const merged = fn.merge(bytes(mapOf(MINUTE + 5)), bytes(mapOf(5))) as SliceMap;
    expect(bytes(merged)).toEqual(bytes(whole));
    expect(bytes(fn.output(merged) as SliceMap)).toEqual(bytes(mapOf(5, MINUTE + 5)));
  });
});

describe("behind the windows", () => {
  it("makes a row of each on-time and late pane, of an early one only in its newest slice's window", async () => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(keyedSlicesCoder, intervalWindowCoder);
    const output = stage.parDo(input, "rows", { doFn: "rows of panes", config, output: featureRowCoder });
    stage.sink(output);
    const bundle = fixture.runner.bundle("stage");
    const pane = (timing: Pane["timing"], endMs: number) =>
      element(
        { key: "u", value: mapOf(5) },
        {
          timestamp: endMs - 1,
          windows: [new IntervalWindow(endMs - plan.longestMs, endMs)],
          pane: { timing, index: 0, onTimeIndex: timing === "EARLY" ? -1 : 0, isFirst: true, isLast: false },
        },
      );
    const panes = [
      pane("EARLY", MINUTE),
      pane("EARLY", 2 * MINUTE),
      pane("ON_TIME", 2 * MINUTE),
      pane("LATE", 3 * MINUTE),
    ];
    bundle.send("source", encode(input, panes), true);
    await bundle.done;
    const rows = received(bundle, output).map(({ value }) => value as FeatureRow);
    expect(rows.map(({ timing, windowEndMs, seq }) => [timing, windowEndMs, seq])).toEqual([
      ["EARLY", MINUTE, 1],
      ["ON_TIME", 2 * MINUTE, 1],
      ["LATE", 3 * MINUTE, 1],
    ]);
  });
});
