import { beforeAll, describe, expect, it } from "vitest";
import { compare } from "../../../infra/dataflow/compatibility.ts";
import { emitJob } from "../../../infra/dataflow/emit.ts";
import { type GraphOutline, outlineOf } from "../../../pipeline/beam/outline.ts";
import { layoutOf } from "../../../pipeline/core/view-layout.ts";
import { defineFeatureView, defineRegistry, type Registry } from "../../../pipeline/define/index.ts";
import { shopEvents } from "../../../pipeline/features/events.ts";
import { user } from "../../../pipeline/features/entities.ts";
import { itemActivity } from "../../../pipeline/features/item-activity.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { target } from "../../support/dataflow-target.ts";

/*
 * Real graphs beside each other: what of a change a running job could carry on with. Dataflow's own check, which also
 * looks at what it fused and where data is, can only be tried there.
 */
let running: GraphOutline;
beforeAll(async () => {
  running = await outline(features);
});

async function outline(registry: Registry, changes: Partial<typeof target> = {}): Promise<GraphOutline> {
  return outlineOf((await emitJob(registry, { ...target, ...changes })).pipelineProto);
}

/** `user_purchases` with two features, in another version or with something else of its own. */
function purchases(changes: { version?: number; shards?: number; over?: "30m" | "1h"; more?: boolean } = {}) {
  const { version = 1, shards = 64, over = "30m", more = false } = changes;
  return defineFeatureView({
    name: "user_purchases",
    version,
    shards,
    source: shopEvents,
    entity: user,
    window: { slide: "1m", allowedLateness: "5m", early: "1s" },
    freshness: "1m",
    features: (agg) => ({
      purchase_count: agg.count({ over: [over] }),
      spend: agg.sum("amount_usd", { over: ["1h"] }),
      ...(more && { mean_amount: agg.mean("amount_usd", { over: ["1h"] }) }),
    }),
  });
}

/** What updating a job of one view to another comes to. */
async function update(before: ReturnType<typeof purchases>, ...after: ReturnType<typeof purchases>[]) {
  return compare(await outline(defineRegistry([before])), await outline(defineRegistry(after)));
}

/** The outline with one transform changed or gone. */
function without(name: string): GraphOutline {
  return { ...running, transforms: new Map([...running.transforms].filter(([other]) => other !== name)) };
}
function renamed(name: string, to: string): GraphOutline {
  const transforms = [...running.transforms].map(([n, t]) => [n === name ? to : n, t] as const);
  return { ...running, transforms: new Map(transforms) };
}

describe("an update in place", () => {
  it("may change the image, the machines, and what a filter lets through", async () => {
    const next = await outline(features, { image: target.image.replace("5eed", "beef") });
    expect(compare(running, next)).toEqual({ breaks: [], added: [] });
  });

  it("may add a view: its transforms begin anew", async () => {
    const before = await outline(defineRegistry([itemActivity]));
    const { breaks, added } = compare(before, running);
    expect(breaks).toEqual([]);
    expect(added).toContain("user_purchases.v1/windows");
  });

  it.each([
    ["adds a feature", { more: true }, "feature mean_amount is new"],
    ["changes a size", { over: "1h" }, "feature purchase_count was count over 30m, is now count over 1h"],
    ["changes the shards", { shards: 32 }, "64 shards are now 32"],
  ] as const)(
    "that %s under the same version breaks at the view's windows",
    async (_what, changes, problem) => {
      const { breaks } = await update(purchases(), purchases(changes));
      expect(breaks).toEqual([{ code: "layout_changed", transform: "user_purchases.v1/windows", problem }]);
    },
  );

  it("that raises the version instead breaks where the old one is gone, and says to keep both", async () => {
    const { breaks } = await update(purchases(), purchases({ version: 2, more: true }));
    expect(breaks.map(({ code }) => code)).toEqual(breaks.map(() => "transform_gone"));
    expect(breaks.find(({ transform }) => transform === "user_purchases.v1/windows")?.problem).toBe(
      "its state and timers would be lost; user_purchases.v2 is new transforms with empty state: keep both versions",
    );
  });

  it("that keeps the old version beside the new one is whole", async () => {
    const { breaks, added } = await update(purchases(), purchases(), purchases({ version: 2, more: true }));
    expect(breaks).toEqual([]);
    expect(added).toContain("user_purchases.v2/windows");
  });

  it("from another subscription leaves behind what waits in the old one", async () => {
    const next = await outline(features, { project: "other-project" });
    const [first] = compare(running, next).breaks;
    expect(first).toMatchObject({ code: "source_changed", transform: "shop_event/read" });
  });
});

describe("a transform's name", () => {
  it("that is gone breaks, with what it held", () => {
    const found = ["user_purchases.v1/windows", "user_purchases.v1/offline", "shop_event/read"].map(
      (name) => compare(running, without(name)).breaks,
    );
    expect(found).toEqual([
      [
        {
          code: "transform_gone",
          transform: "user_purchases.v1/windows",
          problem: expect.stringContaining("its state and timers would be lost") as string,
        },
      ],
      [
        {
          code: "transform_gone",
          transform: "user_purchases.v1/offline",
          problem: expect.stringContaining("what is on its way to it") as string,
        },
      ],
      [
        {
          code: "transform_gone",
          transform: "shop_event/read",
          problem: expect.stringContaining("what it has read") as string,
        },
      ],
    ]);
  });

  it("that changed is found again by a mapping, and is still looked at", () => {
    const next = renamed("user_purchases.v1/windows", "purchases/windows");
    const mapping = { "user_purchases.v1/windows": "purchases/windows" };
    expect(compare(running, next).breaks).toHaveLength(1);
    expect(compare(running, next, mapping)).toEqual({ breaks: [], added: [] });
    const wrong = { "user_purchases.v1/windows": "item_activity.v1/windows" };
    expect(compare(running, running, wrong).breaks[0]).toMatchObject({ code: "layout_changed" });
  });

  it("may go on purpose", () => {
    expect(compare(running, without("heartbeat/write"), { "heartbeat/write": "" }).breaks).toEqual([]);
  });

  it("in a mapping must be there", () => {
    const mapping = { "no/such": "heartbeat/loop", "heartbeat/write": "no/such/either" };
    expect(compare(running, running, mapping).breaks).toEqual([
      { code: "bad_mapping", transform: "no/such", problem: "the running job has no transform of that name" },
      {
        code: "bad_mapping",
        transform: "heartbeat/write",
        problem: "the new graph has no transform no/such/either",
      },
    ]);
  });
});

describe("what is stored", () => {
  const windows = "user_purchases.v1/windows";
  const changed = (name: string, changes: object): GraphOutline => {
    const transforms = new Map(running.transforms);
    const before = transforms.get(name);
    if (before === undefined) throw new Error(`no transform ${name}`);
    return { ...running, transforms: transforms.set(name, { ...before, ...changes }) };
  };

  it.each([
    [
      "another state",
      windows,
      { states: { log: "bag of varint" } },
      "state_changed",
      "state log was bag of bytes, is now bag of varint",
    ],
    ["no timer of a name", windows, { timers: {} }, "timers_changed", "is now gone"],
    [
      "another DoFn",
      windows,
      { doFn: "other" },
      "transform_changed",
      'the DoFn "windows by timers" is now the DoFn "other"',
    ],
    [
      "another coder into a shuffle",
      "user_purchases.v1/readable",
      { inputs: { main: "bytes" } },
      "coder_changed",
      "is now bytes",
    ],
    [
      "a side input",
      "shop_event/decode",
      { sideInputs: ["tiers"] },
      "side_inputs_changed",
      "side inputs none, now tiers",
    ],
  ])("breaks with %s", (_what, name, changes, code, problem) => {
    expect(compare(running, changed(name, changes)).breaks.filter((b) => b.code === code)).toEqual(
      expect.arrayContaining([
        { code, transform: name, problem: expect.stringContaining(problem) as string },
      ]),
    );
  });

  it("stays whole where a state is added, or a coder changes between two steps that fuse", () => {
    const state = { states: { log: "bag of bytes", more: "value, varint" } };
    expect(compare(running, changed(windows, state)).breaks).toEqual([]);
    expect(compare(running, changed("shop_event/decode", { inputs: { main: "bytes" } })).breaks).toEqual([]);
  });
});

describe("the layout in a graph", () => {
  it("is the view's own, so that a worker of other definitions can tell", () => {
    expect(running.transforms.get("user_purchases.v1/windows")?.layout).toEqual(
      layoutOf(features.plan("user_purchases")),
    );
  });
});
