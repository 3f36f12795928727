import { describe, expect, it } from "vitest";
import { doubleCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
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
  watermark,
} from "../support/engine-graph.ts";
import { testEngine } from "../support/test-engine.ts";
import {
  nothing,
  ONE_BY_ONE,
  type Order,
  order,
  orders,
  scripted,
  Story,
  timekeeper,
} from "../support/timekeeper.ts";

/*
 * The worker's state and event-time timers under Flink, which keeps the state, decides about bundles and fires the
 * timers. It doesn't prove anything about restored state, nor about processing-time timers, since Flink refuses a
 * TestStream that moves the processing time: both stand in worker-restore.test.ts.
 */
const on = testEngine();

const largestOf = combineFn(() => ({
  zero: () => -Infinity,
  add: (largest: number, n: number) => Math.max(largest, n),
  merge: (one: number, other: number) => Math.max(one, other),
  output: (largest: number) => largest,
}));

/** Each number is added to its key's total, log and largest; 0 clears all. Emits them as they stand then. */
const ledger = doFn((): DoFn<KV<string, number>, string> => ({
  process({ key, value }, context) {
    const total = context.value<number>("total");
    const log = context.bag<number>("log");
    const largest = context.combining<number, number>("largest");
    if (value === 0) {
      largest.clear();
      total.clear();
      log.clear();
    } else {
      total.write((total.read() ?? 0) + value);
      log.add(value);
      largest.add(value);
    }
    // The combining state is not read each time: some bundles only add to it.
    const most = value % 2 === 0 ? ` ${largest.read()}` : "";
    context.emit(`${key} ${total.read() ?? "nothing"} [${[...log.read()].join()}]${most}`);
  },
}));
const ledgerSpec = {
  doFn: ledger,
  output: utf8Coder,
  states: {
    total: { kind: "value", coder: varintCoder },
    log: { kind: "bag", coder: varintCoder },
    largest: { kind: "combining", coder: doubleCoder, combineFn: largestOf },
  },
} as const;

describe("state", () => {
  // Bundles of one element: the state goes to the runner and back, or comes from the worker's cache. Of all: it stays.
  it.each([1, 1000])("is the key's, through bundles of %i", async (maxBundleSize) => {
    const inputs: [string, number][] = [
      ["a", 1],
      ["b", 10],
      ["a", 2],
      ["a", 0],
      ["a", 3],
      ["b", 20],
      ["a", 1],
      ["a", 2],
    ];
    const { made } = await on.engine.run(
      (graph) => {
        const pairs = inputs.map(([key, value]) => at0({ key, value }));
        const numbers = given<Count>(graph, "numbers", counts, pairs);
        return collect(graph, graph.parDo(numbers, "ledger", ledgerSpec));
      },
      { maxBundleSize },
    );
    expect(valuesOf(made)).toEqual([
      "a 1 [1]",
      "b 10 [10] 10",
      "a 3 [1,2] 2",
      "a nothing [] -Infinity",
      "a 3 [3]",
      "b 30 [10,20] 20",
      "a 4 [3,1]",
      "a 6 [3,1,2] 3",
    ]);
  });

  it("is the same in two subtasks: each key in one of them, in order", async () => {
    let instances = 0;
    const running = doFn((): DoFn<Count, Count> => {
      instances++;
      return {
        process({ key, value }, context) {
          const total = context.value<number>("total");
          total.write((total.read() ?? 0) + Number(value));
          context.emit({ key, value: total.read() ?? 0 });
        },
      };
    });
    const inputs = Array.from({ length: 2_000 }, (_, n) => at0({ key: `k${n % 20}`, value: n }));
    const run = async (parallelism: number) => {
      instances = 0;
      const { made } = await on.engine.run(
        (graph) => {
          const numbers = given<Count>(graph, "numbers", counts, inputs);
          const states = { total: { kind: "value", coder: varintCoder } } as const;
          return collect(graph, graph.parDo(numbers, "running", { doFn: running, output: counts, states }));
        },
        { parallelism },
      );
      return Map.groupBy(valuesOf(made), ({ key }) => key);
    };
    const one = await run(1);
    const two = await run(2);
    expect(instances).toBeGreaterThan(1);
    expect(two).toEqual(one);
    // k7: 7 + 27 + … + 1987
    expect(two.get("k7")?.at(-1)?.value).toBe(99_700);
  });
});

describe("event-time timers", () => {
  // Bundles of one element: the runner overwrites and clears what is armed. Of all: the worker has done so before.
  it.each([1, 1000])("are re-armed, overwritten, cleared, and hold; bundles of %i", async (maxBundleSize) => {
    const story = new Story();
    const { made } = await on.engine.run(
      (graph) => {
        const input = given<KV<string, Order>>(
          graph,
          "orders",
          orders,
          [
            { key: "rearmed", value: { set: 1_000 } },
            { key: "moved on", value: { set: 500 } },
            { key: "moved on", value: { set: 3_500 } },
            { key: "moved back", value: { set: 5_000 } },
            { key: "moved back", value: { set: 1_500 } },
            { key: "cleared", value: { set: 1_200 } },
            { key: "cleared", value: { clear: "" } },
            { key: "tagged", value: { set: 700, tag: " x" } },
            { key: "tagged", value: { set: 600, tag: " y" } },
            { key: "held", value: { set: 4_500, hold: 100 } },
          ].map(at0),
        );
        const keeper = timekeeper(story, { 1_000: 2_500, 2_500: 4_000 });
        return collect(graph, graph.parDo(input, "keeper", keeper));
      },
      { maxBundleSize },
    );
    const fired = Map.groupBy(
      story.lines.filter((line) => line.includes(" fires ")),
      (line) => line.split(" fires ")[0],
    );
    expect(Object.fromEntries(fired)).toEqual({
      rearmed: ["rearmed fires 1000", "rearmed fires 2500", "rearmed fires 4000"],
      "moved on": ["moved on fires 3500"],
      "moved back": ["moved back fires 1500"],
      tagged: ["tagged fires 600 y", "tagged fires 700 x"],
      held: ["held fires 4500"],
    });
    // An output stands at its timer's hold.
    const instants = Map.groupBy(made, ({ value }) => value.key);
    expect(instants.get("held")?.map(({ at }) => at)).toEqual([100]);
    expect(instants.get("rearmed")?.map(({ at }) => at)).toEqual([1_000, 2_500, 4_000]);
  });

  // Flink hands a fired timer over with the element that comes next, and its watermark has to pass the instant.
  it("fire when a test stream's watermark has passed them, not before", async () => {
    //  watermark ──────── 10 ──── 11 ──── 16 ──── end
    //             a: 10       b       c: 15    d: 40
    const story = new Story();
    const events = [
      order("a", { set: 10 }, 1),
      watermark(10),
      order("b", { set: 30 }, 10),
      watermark(11),
      order("c", { set: 15 }, 12),
      watermark(16),
      order("d", { set: 40 }, 31),
      watermark("end"),
    ];
    await on.engine.run(
      (graph) => graph.parDo(scripted(graph, events), "keeper", timekeeper(story)),
      ONE_BY_ONE,
    );
    expect(story.bundles).toEqual([
      ["a arrives 1"],
      ["b arrives 10"],
      ["a fires 10", "c arrives 12"],
      ["c fires 15", "d arrives 31"],
      ["b fires 30", "d fires 40"],
    ]);
  });

  it("hold the watermark of what follows: an output at the hold is not late there", async () => {
    //           first                                   second
    //  a ─────→ timer fires at 60, holds 5 or 60 ─────→ a, at its hold
    //  watcher ───────────────────────────────────────→ timer at 10
    //  x, after the watermark has come to 30 ─────────→ x
    const watch = async (hold: number) => {
      const story = new Story();
      const events = [
        order("a", { set: 60, hold }, 0),
        order("watcher", { ...nothing, next: { set: 10 } }, 0),
        watermark(30),
        order("x", { ...nothing, next: nothing }, 30),
        watermark("end"),
      ];
      await on.engine.run((graph) => {
        const first = graph.parDo(scripted(graph, events), "first", timekeeper(new Story()));
        return graph.parDo(first, "second", timekeeper(story));
      }, ONE_BY_ONE);
      return story.bundles;
    };
    expect(await watch(60)).toEqual([
      ["watcher arrives 0"],
      ["watcher fires 10", "x arrives 30"],
      ["a arrives 60"],
    ]);
    expect(await watch(5)).toEqual([
      ["watcher arrives 0"],
      ["x arrives 30"],
      ["a arrives 5"],
      ["watcher fires 10"],
    ]);
  });
});
