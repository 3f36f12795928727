import * as pb from "apache-beam/proto/beam_runner_api";
import { beforeAll, describe, expect, it } from "vitest";
import { buildGraph } from "../../pipeline/beam/build.ts";
import { Graph } from "../../pipeline/beam/beam.ts";
import { layoutOf } from "../../pipeline/core/view-layout.ts";
import { checkLayout, LayoutMismatchError } from "../../pipeline/beam/view-ref.ts";
import { bytesCoder, varintCoder } from "../../pipeline/harness/coders.ts";
import { COMBINE_FN_URN } from "../../pipeline/harness/registry.ts";
import { features } from "../../pipeline/features/registry.ts";
import { testPlan } from "../support/plans.ts";

const sinks = {
  kind: "stores",
  endpoints: {
    project: "p",
    generation: 0,
    bigtable: { instance: "i" },
    bigquery: { dataset: "d" },
    pubsub: {},
  },
} as const;
const sources = {
  shop_event: { kind: "pubsub-native", subscription: "projects/p/subscriptions/s" },
} as const;
const docker = { kind: "docker", image: "worker" } as const;

let main: pb.Pipeline;
beforeAll(async () => {
  main = (await buildGraph({ registry: features, sources, sinks })).toProto(docker);
});

describe("the main graph", () => {
  it("is the same bytes each time it is built", async () => {
    const again = await buildGraph({ registry: features, sources, sinks });
    expect(again.toBytes(docker)).toEqual(pb.Pipeline.toBinary(main));
  });

  it("holds no instant: the heartbeat's start is state of the job", () => {
    const loop = Object.values(main.components?.transforms ?? {}).find(
      (t) => t.uniqueName === "heartbeat/loop",
    );
    const { doFn } = pb.ParDoPayload.fromBinary(loop?.spec?.payload ?? new Uint8Array());
    expect(JSON.parse(new TextDecoder().decode(doFn?.payload))).toEqual({ name: "heartbeat", config: {} });
  });

  it("requires what Beam asks a graph with state to require", () => {
    expect(main.requirements).toEqual(["beam:requirement:pardo:stateful:v1"]);
  });

  it("names nothing that isn't there, and everything once", () => {
    const { transforms, pcollections, coders, windowingStrategies } =
      main.components ?? pb.Components.create();
    const names = Object.values(transforms).map(({ uniqueName }) => uniqueName);
    expect(new Set(names).size).toBe(names.length);
    for (const { inputs, outputs, subtransforms } of Object.values(transforms)) {
      for (const id of [...Object.values(inputs), ...Object.values(outputs)])
        expect(pcollections).toHaveProperty(id);
      for (const id of subtransforms) expect(transforms).toHaveProperty(id);
    }
    for (const { coderId, windowingStrategyId } of Object.values(pcollections)) {
      expect(coders).toHaveProperty(coderId);
      expect(windowingStrategies).toHaveProperty(windowingStrategyId);
    }
  });
});

describe("a reshuffle", () => {
  //  input ─▶ spread: a key each ─▶ group, firing always ─▶ gather: as they were ─▶ output
  const graph = new Graph();
  const input = graph.impulse("start");
  const output = graph.reshuffle(input, "shuffle");
  const { components } = graph.toProto(docker);
  const named = (name: string) =>
    Object.values(components?.transforms ?? {}).find(({ uniqueName }) => uniqueName === name);

  it("is one transform to a runner that knows it, and three to one that doesn't", () => {
    expect(named("shuffle")?.spec?.urn).toBe("beam:transform:reshuffle:v1");
    const inside = named("shuffle")?.subtransforms.map((id) => components?.transforms[id]);
    expect(inside?.map((t) => [t?.uniqueName, t?.spec?.urn])).toEqual([
      ["shuffle/spread", "beam:transform:pardo:v1"],
      ["shuffle/group", "beam:transform:group_by_key:v1"],
      ["shuffle/gather", "beam:transform:pardo:v1"],
    ]);
    expect(Object.values(named("shuffle")?.outputs ?? {})).toEqual([output.pcollection.getId()]);
  });

  it("groups in a window that lets each element go at once; outside, windows are as before", () => {
    const windowing = (name: string, side: "inputs" | "outputs") => {
      const [id = ""] = Object.values(named(name)?.[side] ?? {});
      return components?.windowingStrategies[components.pcollections[id]?.windowingStrategyId ?? ""];
    };
    expect(windowing("shuffle/group", "inputs")).toMatchObject({
      trigger: { trigger: { oneofKind: "always" } },
      accumulationMode: pb.AccumulationMode_Enum.DISCARDING,
      outputTime: pb.OutputTime_Enum.EARLIEST_IN_PANE,
    });
    expect(windowing("shuffle", "outputs")).toEqual(windowing("shuffle", "inputs"));
    expect(output.coder).toBe(input.coder);
  });
});

describe("a ParDo", () => {
  it("declares its states, whether it finalizes, and asks the graph to require both", () => {
    const graph = new Graph();
    const input = graph.impulse("start");
    graph.parDo(input, "plain", { doFn: "plain", output: bytesCoder });
    expect(graph.toProto(docker).requirements).toEqual([]);
    graph.parDo(input, "keeper", {
      doFn: "keeper",
      output: bytesCoder,
      states: { best: { kind: "combining", coder: varintCoder, combineFn: "largest", config: { least: 0 } } },
      finalizes: true,
    });
    const { components, requirements } = graph.toProto(docker);
    expect(requirements).toEqual([
      "beam:requirement:pardo:stateful:v1",
      "beam:requirement:pardo:finalization:v1",
    ]);
    const keeper = Object.values(components?.transforms ?? {}).find((t) => t.uniqueName === "keeper");
    const payload = pb.ParDoPayload.fromBinary(keeper?.spec?.payload ?? new Uint8Array());
    expect(payload.requestsFinalization).toBe(true);
    const spec = payload.stateSpecs["best"]?.spec;
    if (spec?.oneofKind !== "combiningSpec") throw new Error(`a state of kind ${spec?.oneofKind ?? "none"}`);
    const { accumulatorCoderId, combineFn } = spec.combiningSpec;
    expect(components?.coders[accumulatorCoderId]?.spec?.urn).toBe("beam:coder:varint:v1");
    expect(combineFn?.urn).toBe(COMBINE_FN_URN);
    expect(Buffer.from(combineFn?.payload ?? []).toString()).toBe('{"name":"largest","config":{"least":0}}');
  });
});

describe("a worker whose definitions differ from the graph's", () => {
  it("refuses the view, and says what differs", () => {
    const plan = testPlan();
    const layout = layoutOf(plan);
    expect(() => checkLayout(plan, layout)).not.toThrow();
    const other = { ...layout, shards: 8 };
    expect(() => checkLayout(plan, other)).toThrow(LayoutMismatchError);
    expect(() => checkLayout(plan, other)).toThrow(
      "defines purchases.v1 otherwise than the job's graph (8 shards are now 1)",
    );
  });
});
