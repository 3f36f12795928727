import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { JobError } from "../../pipeline/beam/job.ts";
import { NO_BACK_PRESSURE } from "../../pipeline/harness/channels/back-pressure.ts";
import { bytesCoder, iterableCoder, kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { CombineFn, DoFn, Metrics } from "../../pipeline/harness/dofn.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import {
  at0,
  collect,
  combineFn,
  type Count,
  counts,
  doFn,
  given,
  valuesOf,
} from "../support/engine-graph.ts";
import { testEngine } from "../support/test-engine.ts";
import { ONE_BUNDLE, type Order, orders, Story, timekeeper } from "../support/timekeeper.ts";

/*
 * The worker under a real runner: Beam's Java harness on Flink, one job a test. The unit tests of the harness hold the
 * protocol's details against a runner that is driven by hand; here the runner decides about bundles, watermarks, timers
 * and caches; state and timers have a file of their own. It doesn't prove anything about checkpoints and restarts
 * (worker-restore.test.ts and the main job's test do), about a Flink cluster of several machines (the engine is one
 * process), or about Dataflow's runner.
 */
/** Far below the default, so that a test can pass it. */
const HIGH_WATER = 2_000_000;
const on = testEngine({ highWaterBytes: HIGH_WATER });

const sum: CombineFn<number, number, number> = {
  zero: () => 0,
  add: (total, n) => total + n,
  merge: (one, other) => one + other,
  output: (total) => total,
};

/** Bytes that are all the same, in words. */
const digest = doFn((): DoFn<Uint8Array, string> => ({
  process(bytes, context) {
    const first = bytes[0];
    context.emit(`${bytes.length} × ${bytes.every((byte) => byte === first) ? first : "several"}`);
  },
}));

describe("elements", () => {
  it("arrive all, in order, 200,000 out of one bundle", async () => {
    //  impulse → generate: one element makes all → [shuffle] → collect
    const COUNT = 200_000;
    const valueOf = (n: number) => (n - COUNT / 2) * 50_000; // −5·10⁹ … 5·10⁹: 32 bits don't hold them
    const generate = doFn((): DoFn<Uint8Array, KV<number | bigint, number | bigint>> => ({
      process(_impulse, context) {
        for (let n = 0; n < COUNT; n++) context.emit({ key: n % 4, value: valueOf(n) });
      },
    }));
    const { made } = await on.engine.run((graph) => {
      const output = kvCoder(varintCoder, varintCoder);
      const all = graph.parDo(graph.impulse("impulse"), "generate", { doFn: generate, output });
      return collect(graph, graph.reshuffle(all, "shuffle"));
    });
    expect(made).toHaveLength(COUNT);
    for (const key of [0, 1, 2, 3]) {
      const arrived = valuesOf(made).filter((pair) => pair.key === key);
      const sent = Array.from({ length: COUNT / 4 }, (_, i) => valueOf(4 * i + key));
      expect(arrived.map(({ value }) => value)).toEqual(sent);
    }
  });

  it("wait for the transport: 40 MB out of one element", async () => {
    const [COUNT, SIZE] = [40, 1_000_000];
    let stalls = 0;
    const flood = doFn((): DoFn<Uint8Array, Uint8Array> => ({
      async process(_impulse, context) {
        for (let n = 0; n < COUNT; n++) {
          context.emit(new Uint8Array(SIZE).fill(n));
          await context.ready();
        }
        ({ stalls } = on.engine.backPressure);
      },
    }));
    const { made } = await on.engine.run((graph) => {
      const all = graph.parDo(graph.impulse("impulse"), "flood", { doFn: flood, output: bytesCoder });
      const back = graph.reshuffle(all, "shuffle");
      return collect(graph, graph.parDo(back, "digest", { doFn: digest, output: utf8Coder }));
    });
    expect(valuesOf(made)).toEqual(Array.from({ length: COUNT }, (_, n) => `${SIZE} × ${n}`));
    expect(stalls).toBeGreaterThan(0);
  });

  it("wait for a slow DoFn: 40 MB into one that takes its time", async () => {
    const [COUNT, SIZE] = [40, 1_000_000];
    const flood = doFn((): DoFn<Uint8Array, Uint8Array> => ({
      process(_impulse, context) {
        for (let n = 0; n < COUNT; n++) context.emit(new Uint8Array(SIZE).fill(n));
      },
    }));
    let seen = NO_BACK_PRESSURE;
    const slow = doFn((): DoFn<Uint8Array, number> => ({
      async process(bytes, context) {
        await sleep(10);
        context.emit(bytes[0] ?? -1);
        seen = on.engine.backPressure;
      },
    }));
    const { made } = await on.engine.run((graph) => {
      const all = graph.parDo(graph.impulse("impulse"), "flood", { doFn: flood, output: bytesCoder });
      const back = graph.reshuffle(all, "shuffle");
      return collect(graph, graph.parDo(back, "slow", { doFn: slow, output: varintCoder }));
    }, ONE_BUNDLE);
    expect(valuesOf(made)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    expect(seen.pauses).toBeGreaterThan(0);
    expect(seen.resumes).toBe(seen.pauses);
    expect(seen.mostBufferedBytes).toBeLessThan(2 * HIGH_WATER + SIZE);
  });

  it("keep 64-bit integers to the last bit", async () => {
    const EDGES = [0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
    const edges = doFn((): DoFn<Uint8Array, number | bigint> => ({
      process(_impulse, context) {
        for (const value of EDGES) context.emit(value);
      },
    }));
    const { made } = await on.engine.run((graph) => {
      const all = graph.parDo(graph.impulse("impulse"), "edges", { doFn: edges, output: varintCoder });
      return collect(graph, graph.reshuffle(all, "shuffle"));
    });
    expect(valuesOf(made)).toEqual(EDGES);
  });

  it("may be large: 9 MB out of the worker and into it", async () => {
    const SIZE = 9_000_000;
    const large = doFn((): DoFn<Uint8Array, Uint8Array> => ({
      process(_impulse, context) {
        context.emit(new Uint8Array(SIZE).fill(7));
      },
    }));
    const { made } = await on.engine.run((graph) => {
      const out = graph.parDo(graph.impulse("impulse"), "large", { doFn: large, output: bytesCoder });
      const back = graph.reshuffle(out, "shuffle");
      return collect(graph, graph.parDo(back, "digest", { doFn: digest, output: utf8Coder }));
    });
    expect(valuesOf(made)).toEqual([`${SIZE} × 7`]);
  });
});

describe("grouping", () => {
  it("combines per key, before the shuffle and after it", async () => {
    //  3,000 × {key, n} → precombine (adds) → [shuffle: 3 accumulators] → merge → extract
    let [adds, merges] = [0, 0];
    const counted = combineFn(() => ({
      ...sum,
      add: (total: number, n: number) => (adds++, sum.add(total, n)),
      merge: (one: number, other: number) => (merges++, sum.merge(one, other)),
    }));
    const inputs = Array.from({ length: 3_000 }, (_, n) => at0({ key: "abc".charAt(n % 3), value: n }));
    const { made } = await on.engine.run((graph) => {
      const combined = graph.combinePerKey<string, number | bigint, number | bigint, number | bigint>(
        given<Count>(graph, "numbers", counts, inputs),
        "sum",
        { combineFn: counted, key: utf8Coder, accumulator: varintCoder, output: varintCoder },
      );
      return collect(graph, combined);
    });
    // 0 + 3 + … + 2997, then each one more, 1,000 times
    expect(new Map(valuesOf(made).map(({ key, value }) => [key, value]))).toEqual(
      new Map([
        ["a", 1_498_500],
        ["b", 1_499_500],
        ["c", 1_500_500],
      ]),
    );
    expect(made).toHaveLength(3);
    expect(adds).toBe(3_000);
    expect(merges).toBeLessThan(100); // and not 3,000: they were combined before
  });

  it("groups what was flattened", async () => {
    //  left ─┐
    //        ├ flatten → group by key
    //  right ┘
    const { made } = await on.engine.run((graph) => {
      const left = given<Count>(graph, "left", counts, [
        at0({ key: "a", value: 1 }),
        at0({ key: "b", value: 2 }),
      ]);
      const right = given<Count>(graph, "right", counts, [
        at0({ key: "b", value: 3 }),
        at0({ key: "b", value: 2 }),
      ]);
      const both = graph.flatten([left, right], "both");
      return collect(graph, graph.groupByKey(both, "group", utf8Coder, varintCoder));
    });
    const groups = valuesOf(made).map(({ key, value }) => [key, [...value].sort()] as const);
    expect(groups.sort(([a], [b]) => a.localeCompare(b))).toEqual([
      ["a", [1]],
      ["b", [2, 2, 3]],
    ]);
  });

  it("gives a side input whole, to every element", async () => {
    const scale = doFn((): DoFn<number, number[]> => ({
      process(n, context) {
        context.emit(
          context
            .sideInput<number>("factors")
            .map((factor) => n * factor)
            .sort((a, b) => a - b),
        );
      },
    }));
    const { made } = await on.engine.run((graph) => {
      const factors = given(graph, "factors", varintCoder, [at0(10), at0(100), at0(-1)]);
      const numbers = given(graph, "numbers", varintCoder, [at0(1), at0(2), at0(3)]);
      const output = iterableCoder(varintCoder);
      return collect(graph, graph.parDo(numbers, "scale", { doFn: scale, output, sideInputs: { factors } }));
    });
    expect(valuesOf(made)).toEqual([
      [-1, 10, 100],
      [-2, 20, 200],
      [-3, 30, 300],
    ]);
  });
});

describe("a bundle", () => {
  it("commits after what its DoFns began: the watermark waits for it", async () => {
    //  slow: begins, emits, ends much later ──→ watcher: timers at 10, 11, 12
    const SLOWNESS_MS = 150;
    const story = new Story();
    story.begin();
    const slow = doFn((): DoFn<KV<string, Order>, KV<string, Order>> => ({
      async process(element, context) {
        story.tell(`${element.key} begins`);
        context.emit(element);
        await sleep(SLOWNESS_MS);
        story.tell(`${element.key} ends`);
      },
      async finishBundle() {
        await sleep(SLOWNESS_MS);
        story.tell("bundle ends");
      },
    }));
    await on.engine.run((graph) => {
      const input = given<KV<string, Order>>(
        graph,
        "orders",
        orders,
        ["a", "b", "c"].map((key, n) => at0({ key, value: { set: 10 + n } })),
      );
      const slowly = graph.parDo(graph.reshuffle(input, "shuffle"), "slow", { doFn: slow, output: orders });
      return graph.parDo(slowly, "watcher", timekeeper(story));
    }, ONE_BUNDLE);
    expect(story.lines.filter((line) => !line.includes("arrives"))).toEqual([
      "a begins",
      "a ends",
      "b begins",
      "b ends",
      "c begins",
      "c ends",
      "bundle ends",
      "a fires 10",
      "b fires 11",
      "c fires 12",
    ]);
  });

  it("that fails fails the job, which names the transform and shows our stack", async () => {
    const explode = doFn((): DoFn<number, number> => ({
      process(n) {
        if (n === 3) throw new RangeError("three is too many");
      },
    }));
    const failure: unknown = await on.engine
      .run((graph) => {
        const numbers = given(graph, "numbers", varintCoder, [at0(1), at0(2), at0(3)]);
        return graph.parDo(numbers, "explode", { doFn: explode, output: varintCoder });
      })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JobError);
    expect(failure).toMatchObject({ code: "job_failed" });
    const { message } = failure as JobError;
    expect(message).toContain("explode: process failed: three is too many");
    expect(message).toMatch(/RangeError: three is too many\s+at .*process .*worker\.test\.ts:\d+/);
  });

  it("reports user metrics to the runner, which adds them up", async () => {
    const weigh = doFn((): DoFn<number, number> => {
      let metrics: Metrics;
      return {
        setup(context) {
          metrics = context.metrics;
        },
        process(n) {
          metrics.counter("weighed").add(1);
          metrics.distribution("weight").update(n);
          metrics.gauge("newest").set(7);
        },
      };
    });
    const { jobId } = await on.engine.run(
      (graph) => {
        const numbers = given(
          graph,
          "numbers",
          varintCoder,
          Array.from({ length: 100 }, (_, n) => at0(n - 10)),
        );
        const shuffled = graph.reshuffle(numbers, "shuffle");
        return graph.parDo(shuffled, "weigh", { doFn: weigh, output: varintCoder });
      },
      { maxBundleSize: 7 },
    );
    const metrics = await on.engine.userMetrics(jobId);
    const labels = (NAME: string) => ({
      NAMESPACE: "freshet",
      NAME,
      PTRANSFORM: expect.any(String) as string,
    });
    expect(metrics).toEqual([
      { urn: "beam:metric:user:sum_int64:v1", labels: labels("weighed"), values: [100] },
      // count, sum, least, greatest
      {
        urn: "beam:metric:user:distribution_int64:v1",
        labels: labels("weight"),
        values: [100, 3_950, -10, 89],
      },
      // when, epoch ms, and what
      {
        urn: "beam:metric:user:latest_int64:v1",
        labels: labels("newest"),
        values: [expect.any(Number), 7],
      },
    ]);
  });
});
