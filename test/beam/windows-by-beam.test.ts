import * as pb from "apache-beam/proto/beam_runner_api";
import { SlidingWindowsPayload } from "apache-beam/proto/standard_window_fns";
import { beforeAll, describe, expect, it } from "vitest";
import { buildGraph } from "../../pipeline/beam/build.ts";
import { outlineOf } from "../../pipeline/beam/outline.ts";
import { slidingWindows } from "../../pipeline/beam/windowing.ts";
import type { EarlyRows } from "../../pipeline/beam/window-strategy.ts";
import { slidingOf } from "../../pipeline/beam/windows-by-beam.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { countPlan } from "../support/plans.ts";
import { features } from "../../pipeline/features/registry.ts";

const docker = { kind: "docker", image: "worker" } as const;
const sources = {
  shop_event: { kind: "pubsub-native", subscription: "projects/p/subscriptions/s" },
} as const;
const sinks = { kind: "files", dir: "rows" } as const;
const strategies = { user_purchases: "beam-windows" } as const;

async function bytesOf(options: Partial<Parameters<typeof buildGraph>[0]> = {}): Promise<Uint8Array> {
  const graph = await buildGraph({ registry: features, sources, sinks, ...options });
  return graph.toBytes(docker);
}

describe("the windows that a runner is given", () => {
  const plan = countPlan(); // s = 10, L = 60, allowed lateness 40, slack 30

  it("are L long, one slide apart, and take what the view still takes", () => {
    const { windowFn, allowedLateness, accumulationMode } = slidingWindows(slidingOf(plan, false)).strategy;
    expect(SlidingWindowsPayload.fromBinary(windowFn?.payload ?? expect.fail())).toEqual({
      size: { seconds: 0n, nanos: 60_000_000 },
      period: { seconds: 0n, nanos: 10_000_000 },
    });
    expect(allowedLateness).toBe(40n + 30n + 20n); // two slides more: what `admit` lets in is never dropped
    expect(accumulationMode).toBe(pb.AccumulationMode_Enum.ACCUMULATING);
  });

  const trigger = (early: EarlyRows, changes: Partial<ViewPlan> = {}) => {
    const { strategy } = slidingWindows(slidingOf({ ...plan, ...changes }, early));
    const { trigger: of } = strategy.trigger ?? expect.fail();
    return of.oneofKind === "afterEndOfWindow" ? of.afterEndOfWindow : expect.fail();
  };

  it("tell early by the clock, after each element, or never; and late after each element", () => {
    const one = { trigger: { oneofKind: "elementCount", elementCount: { elementCount: 1 } } };
    expect(trigger(true, { earlyMs: 250 }).earlyFirings?.trigger).toMatchObject({
      afterProcessingTime: {
        timestampTransforms: [{ timestampTransform: { delay: { delayMillis: 250n } } }],
      },
    });
    expect(trigger("at once").earlyFirings).toEqual(one);
    expect(trigger(false).earlyFirings).toBeUndefined();
    expect(trigger(true, { earlyMs: undefined }).earlyFirings).toBeUndefined();
    expect(trigger(false).lateFirings).toEqual(one);
  });

  it("always fire on time, also when nothing came since an early pane that was dropped", () => {
    expect(slidingWindows(slidingOf(plan, true)).strategy).toMatchObject({
      onTimeBehavior: pb.OnTimeBehavior_Enum.FIRE_ALWAYS,
      closingBehavior: pb.ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
      outputTime: pb.OutputTime_Enum.END_OF_WINDOW,
    });
  });
});

describe("a graph", () => {
  let timers: Uint8Array;
  let beam: Uint8Array;
  beforeAll(async () => {
    timers = await bytesOf();
    beam = await bytesOf({ strategies });
  });

  it("is the same bytes, however often it is built, and others with another strategy", async () => {
    expect(await bytesOf({ strategies })).toEqual(beam);
    expect(await bytesOf({ strategies: { user_purchases: "timers" } })).toEqual(timers);
    expect(beam).not.toEqual(timers);
  });

  it("of another strategy has other transforms for that view, and is so compared", () => {
    const of = (bytes: Uint8Array, view: string) =>
      [...outlineOf(bytes).transforms.keys()].filter((name) => name.startsWith(`${view}.v1/`));
    expect(of(beam, "item_activity")).toEqual(of(timers, "item_activity"));
    expect(of(beam, "user_purchases")).toEqual(
      expect.arrayContaining([
        "user_purchases.v1/admit",
        "user_purchases.v1/sliding",
        "user_purchases.v1/rows",
      ]),
    );
    expect(of(beam, "user_purchases")).not.toContain("user_purchases.v1/windows");
  });

  it("names the layout wherever bytes of it are kept, and the windows", () => {
    const { transforms } = outlineOf(beam);
    const admit = transforms.get("user_purchases.v1/admit");
    expect(admit?.layout).toEqual(outlineOf(timers).transforms.get("user_purchases.v1/windows")?.layout);
    const windowsInto = (name: string) =>
      Object.values(transforms.get(`user_purchases.v1/${name}`)?.inputs ?? {});
    expect(windowsInto("rows")).toEqual([
      expect.stringMatching(/in sliding_windows:\S+ \(afterEndOfWindow trigger\)$/),
    ]);
    expect(windowsInto("file")).toEqual([expect.stringContaining("in global_windows (default trigger)")]);
  });
});
