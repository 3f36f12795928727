import { beforeAll, describe, expect, it } from "vitest";
import type { Graph } from "../../pipeline/beam/beam.ts";
import { registerReshuffle } from "../../pipeline/beam/reshuffle.ts";
import { kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import { collect, given } from "../support/engine-graph.ts";
import { testEngine } from "../support/test-engine.ts";

/*
 * A reshuffle as a runner runs it that has no transform of its own for it, as Dataflow: the engine, which has one, is
 * not told that it is one. It doesn't prove how Dataflow cuts bundles of its keys.
 */
const on = testEngine();
beforeAll(registerReshuffle);

/** Makes every reshuffle of the graph a transform that no runner knows. */
function hideReshuffles(graph: Graph): void {
  const toProto = graph.toProto.bind(graph);
  graph.toProto = (environment) => {
    const proto = toProto(environment);
    for (const { spec } of Object.values(proto.components?.transforms ?? {})) {
      if (spec?.urn === "beam:transform:reshuffle:v1") spec.urn = "freshet:test:composite:v1";
    }
    return proto;
  };
}

describe("a reshuffle that the runner doesn't know", () => {
  it("hands on every element once, as it was and when it was", async () => {
    const coder = kvCoder(utf8Coder, varintCoder);
    const elements = Array.from({ length: 500 }, (_, n) => ({
      value: { key: `user ${n % 7}`, value: n },
      at: 1_700_000_000_000 + n * 61_000,
    }));
    const { made } = await on.engine.run((graph) => {
      hideReshuffles(graph);
      return collect(graph, graph.reshuffle(given(graph, "given", coder, elements), "shuffle"));
    });
    const byNumber = [...made].sort((a, b) => Number(a.value.value) - Number(b.value.value));
    expect(byNumber).toEqual(elements);
  });
});
