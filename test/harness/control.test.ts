import type { MonitoringInfo } from "apache-beam/proto/metrics";
import { describe, expect, test } from "vitest";
import { Reader } from "../../pipeline/core/bytes.ts";
import { kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { Counter, Distribution, DoFn, Gauge } from "../../pipeline/harness/dofn.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { connectedWorker, gate } from "./fixture.ts";
import { element, encode, Stage } from "./stage.ts";

const SHORT_IDS = "beam:protocol:monitoring_info_short_ids:v1";
let held = gate();
registerDoFn("measured", (): DoFn<number, number> => {
  let positive: Counter;
  let untouched: Counter;
  let sizes: Distribution;
  let newest: Gauge;
  return {
    setup({ metrics }) {
      positive = metrics.counter("positive");
      untouched = metrics.counter("untouched");
      sizes = metrics.distribution("sizes");
      newest = metrics.gauge("newest");
      metrics.gauge("unset");
    },
    process(n, context): void | Promise<void> {
      if (n > 0) positive.add(1);
      untouched.add(0);
      sizes.update(n);
      newest.set(10 * n);
      context.emit(n);
      context.emit(n);
      if (n === 13) throw new Error("unlucky");
      if (n === 100) return held.opened.then(() => undefined);
    },
  };
});

/** Infos as `urn labels = numbers`. */
function readable(infos: readonly MonitoringInfo[]): string[] {
  return infos
    .map(({ urn, labels, payload }) => {
      const reader = new Reader(payload);
      const numbers: unknown[] = [];
      while (!reader.done) numbers.push(reader.varint());
      return `${urn.replace("beam:metric:", "")} ${Object.values(labels).join("/")} = ${numbers.join()}`;
    })
    .sort();
}
const NOW = 1_700_000_000_123;
const AFTER = (transform: string) => [
  "element_count:v1 pc0 = 3",
  "element_count:v1 pc1 = 6",
  `user:distribution_int64:v1 ${transform}/freshet/sizes = 3,5,-5,7`,
  `user:latest_int64:v1 ${transform}/freshet/newest = ${NOW},70`, // an instant, then the value
  `user:sum_int64:v1 ${transform}/freshet/positive = 2`,
];

describe("with full monitoring infos", () => {
  const fixture = connectedWorker({ now: () => NOW });
  const begin = (transform: string) => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    stage.sink(stage.parDo(input, transform, { doFn: "measured" }));
    const bundle = fixture.runner.bundle("stage");
    const send = (numbers: readonly number[], isLast = false) => {
      bundle.send(
        "source",
        encode(
          input,
          numbers.map((n) => element(n)),
        ),
        isLast,
      );
    };
    return { bundle, send };
  };

  test("a bundle reports its element counts and user metrics, and starts from zero", async () => {
    for (let i = 0; i < 2; i++) {
      const { bundle, send } = begin("measured");
      send([-5, 3, 7], true);
      const { monitoringInfos, monitoringData } = await bundle.done;
      expect(readable(monitoringInfos)).toEqual(AFTER("measured"));
      expect(monitoringData).toEqual({});
    }
    const { bundle, send } = begin("measured");
    send([], true); // nothing of the bundle before is told again
    const { monitoringInfos } = await bundle.done;
    expect(readable(monitoringInfos)).toEqual(["element_count:v1 pc0 = 0", "element_count:v1 pc1 = 0"]);
  });

  test("progress reports what a running bundle has so far; an unknown bundle has nothing", async () => {
    held = gate();
    const { bundle, send } = begin("measured");
    const progress = async (instructionId: string) => {
      const request = {
        oneofKind: "processBundleProgress",
        processBundleProgress: { instructionId },
      } as const;
      const { error, response } = await fixture.runner.instruct(request);
      expect(error).toBe("");
      return response.oneofKind === "processBundleProgress"
        ? response.processBundleProgress.monitoringInfos
        : undefined;
    };
    send([1, 100]);
    let infos: string[] = [];
    while (!infos.includes("element_count:v1 pc1 = 4"))
      infos = readable((await progress(bundle.instruction)) ?? []);
    expect(infos).toContain("user:sum_int64:v1 measured/freshet/positive = 2");
    held.open();
    send([], true);
    await bundle.done;
    expect(await progress(bundle.instruction)).toEqual([]);
  });

  test("the process's totals hold bundles that succeeded, by transform", async () => {
    const good = begin("in total");
    good.send([-5, 3, 7], true);
    await good.bundle.done;
    const bad = begin("in total");
    bad.send([1, 13], true);
    await expect(bad.bundle.done).rejects.toThrow("unlucky");
    const again = begin("in total");
    again.send([1], true);
    await again.bundle.done;
    const { counters, distributions } = metricsSnapshot();
    const transform = "graph/in total";
    expect(counters.filter((c) => c.transform === transform)).toEqual([
      { transform, name: "positive", total: 3 },
      { transform, name: "untouched", total: 0 },
    ]);
    const [sizes] = distributions.filter((d) => d.transform === transform);
    expect(sizes).toMatchObject({ transform, name: "sizes", count: 4, sum: 6, min: -5, max: 7 });
    // For quantiles: each value within a twentieth, those below 1 together.
    const near = [...(sizes?.buckets ?? [])].sort(([a], [b]) => a - b);
    expect(near.map(([value, n]) => [Math.round(value), n])).toEqual([
      [0, 1],
      [1, 1],
      [3, 1],
      [7, 1],
    ]);
  });

  test("a split is declined politely: nothing to split off, and the bundle goes on", async () => {
    const { bundle, send } = begin("measured");
    send([1]);
    const { error, response } = await fixture.runner.instruct({
      oneofKind: "processBundleSplit",
      processBundleSplit: { instructionId: bundle.instruction, desiredSplits: {} },
    });
    expect(error).toBe("");
    expect(response).toEqual({
      oneofKind: "processBundleSplit",
      processBundleSplit: { primaryRoots: [], residualRoots: [], channelSplits: [] },
    });
    send([2], true);
    await bundle.done;
  });

  test("finalization and harness metrics are answered, an unknown instruction with an error", async () => {
    const finalized = await fixture.runner.instruct({
      oneofKind: "finalizeBundle",
      finalizeBundle: { instructionId: "x" },
    });
    expect(finalized).toMatchObject({ error: "", response: { oneofKind: "finalizeBundle" } });
    const harness = await fixture.runner.instruct({
      oneofKind: "harnessMonitoringInfos",
      harnessMonitoringInfos: {},
    });
    expect(harness).toMatchObject({ error: "", response: { oneofKind: "harnessMonitoringInfos" } });
    const unknown = await fixture.runner.instruct({ oneofKind: undefined });
    expect(unknown.error).toContain("an instruction of a kind that this worker doesn't know");
  });

  test("a descriptor may be registered beforehand instead of asked for", async () => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    stage.sink(stage.parDo(input, "measured", { doFn: "measured" }));
    const processBundleDescriptor = [{ ...stage.descriptor, id: "registered" }];
    await fixture.runner.instruct({ oneofKind: "register", register: { processBundleDescriptor } });
    fixture.runner.descriptors.set("registered", stage.descriptor); // so that the fake knows what to await
    const bundle = fixture.runner.bundle("registered");
    bundle.send("source", encode(input, [element(1)]), true);
    await bundle.done;
    expect(fixture.runner.calls.map(({ method }) => method)).not.toContain("getProcessBundleDescriptor");
  });

  test("a missing descriptor is asked for again by the next bundle", async () => {
    await expect(fixture.runner.bundle("stage").done).rejects.toThrow("no descriptor stage");
    const { bundle, send } = begin("measured");
    send([1], true);
    await bundle.done;
  });

  test("every call carries the worker's id", async () => {
    registerDoFn("stateful", (): DoFn => ({ process: (_n, context) => void context.value("v") }));
    const stage = new Stage(fixture.runner);
    const input = stage.source(kvCoder(utf8Coder, varintCoder));
    stage.parDo(input, "stateful", {
      doFn: "stateful",
      states: { v: { kind: "value", coder: varintCoder } },
    });
    const bundle = fixture.runner.bundle("stage");
    bundle.send("source", encode(input, [element({ key: "a", value: 1 })]), true);
    await bundle.done;
    const methods = ["control", "data", "getProcessBundleDescriptor", "logging", "state"];
    expect(fixture.runner.calls.map(({ method }) => method).sort()).toEqual(methods);
    expect(new Set(fixture.runner.calls.map(({ workerId }) => workerId))).toEqual(new Set(["worker-1"]));
  });
});

describe("with a runner that knows short ids", () => {
  const fixture = connectedWorker({ runnerCapabilities: [SHORT_IDS], now: () => NOW });

  test("payloads come by short id; what they stand for is told on request", async () => {
    const stage = new Stage(fixture.runner);
    const input = stage.source(varintCoder);
    stage.sink(stage.parDo(input, "short", { doFn: "measured" }));
    const ids: string[][] = [];
    for (let i = 0; i < 2; i++) {
      const bundle = fixture.runner.bundle("stage");
      bundle.send(
        "source",
        encode(
          input,
          [-5, 3, 7].map((n) => element(n)),
        ),
        true,
      );
      const { monitoringInfos, monitoringData } = await bundle.done;
      expect(monitoringInfos).toEqual([]);
      ids.push(Object.keys(monitoringData));
      const monitoringInfoId = [...Object.keys(monitoringData), "unknown"];
      const { response } = await fixture.runner.instruct({
        oneofKind: "monitoringInfos",
        monitoringInfos: { monitoringInfoId },
      });
      if (response.oneofKind !== "monitoringInfos") throw new Error("answered by something else");
      const { monitoringInfo } = response.monitoringInfos;
      const whole = Object.entries(monitoringData).map(([id, payload]) => {
        const info = monitoringInfo[id];
        if (!info) throw new Error(`nothing known of ${id}`);
        return { ...info, payload };
      });
      expect(readable(whole)).toEqual(AFTER("short"));
    }
    expect(ids[0]).toEqual(ids[1]); // the same thing keeps its id
  });
});
