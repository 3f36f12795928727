import { describe, expect, it } from "vitest";
import { settings } from "../../../infra/config/settings.ts";
import { type Assumptions, DEFAULTS, type Preset, PRESETS } from "../../../infra/estimate/assumptions.ts";
import { estimate } from "../../../infra/estimate/estimate.ts";
import { formulaOf } from "../../../infra/estimate/line.ts";
import { UnknownRegionError } from "../../../infra/estimate/prices.ts";
import { presetValues } from "../../../infra/presets.ts";
import { features } from "../../../pipeline/features/registry.ts";

const assumed: Assumptions = { ...PRESETS.small, ...DEFAULTS, eventsPerSecond: 1000 };
const costs = (more: Partial<Assumptions>) => {
  const { lines } = estimate(features.plans, { ...assumed, ...more });
  return Object.fromEntries(lines.map(({ item, usd }) => [item, usd]));
};

describe("estimate", () => {
  it("is what a person works out by hand", () => {
    // a month: 730 h = 2,628,000 s; 1000 events/s of 500 bytes: 1.314e12 bytes = 1.19507 TiB
    const by = costs({ payloadBytes: 500 });
    // published and delivered once: 2 × 1.19507 TiB, less 10 GiB: 2.38038 TiB at 40 $
    expect(by["Pub/Sub: publishing, and delivery to the pipeline"]).toBeCloseTo(95.215, 2);
    expect(by["Pub/Sub: archive to BigQuery"]).toBeCloseTo(1.19507 * 50, 2);
    // a day: 43.2e9 bytes = 40.2331 GiB; seven of them at 0.27 $
    expect(by["Pub/Sub: the topic's retention"]).toBeCloseTo(76.041, 2);
    // 1000 × 2 views × 75 µs = 0.15 s of CPU a second: one worker of 2 vCPU is less than 60 % busy
    expect(by["Dataflow: vCPU"]).toBeCloseTo(730 * 2 * 0.069, 6);
    // 800 bytes an event: 2102.4 GB at 0.018 $
    expect(by["Dataflow: Streaming Engine"]).toBeCloseTo(37.843, 2);
    expect(by["Bigtable: nodes"]).toBeCloseTo(730 * 0.65, 6);
  });

  it("is the sum of its lines, each the product of its factors", () => {
    const { lines, usd } = estimate(features.plans, assumed);
    expect(usd).toBeCloseTo(
      lines.reduce((sum, line) => sum + line.usd, 0),
      9,
    );
    for (const { factors, usd: cost } of lines) {
      expect(cost).toBeCloseTo(
        factors.reduce((product, { value }) => product * value, 1),
        9,
      );
    }
  });

  it("never falls when more events come, in no line", () => {
    let before = costs({ eventsPerSecond: 1 });
    for (let eventsPerSecond = 2; eventsPerSecond <= 2 ** 17; eventsPerSecond *= 2) {
      const now = costs({ eventsPerSecond });
      for (const [item, usd] of Object.entries(now))
        expect(usd, item).toBeGreaterThanOrEqual(before[item] ?? NaN);
      before = now;
    }
  });

  it("sizes workers and nodes for the rate", () => {
    const { workers, bigtableNodes } = estimate(features.plans, { ...assumed, eventsPerSecond: 50_000 });
    // 50,000 × 2 × 75 µs = 7.5 s of CPU a second, on workers that give 1.2
    expect(workers).toBe(7);
    expect(bigtableNodes).toBeGreaterThan(1);
    expect(estimate(features.plans, { ...assumed, readsPerSecond: 17_000 }).bigtableNodes).toBe(3);
  });

  it("has a server where somebody asks, and instances for how often", () => {
    expect(costs({ readsPerSecond: 0 })).toMatchObject({ "Cloud Run: vCPU": 0, "Cloud Run: memory": 0 });
    // one instance that always runs: 730 h of 1 vCPU and 1 GiB
    expect(costs({ readsPerSecond: 1 })["Cloud Run: vCPU"]).toBeCloseTo(730 * 0.0648, 6);
    expect(costs({ readsPerSecond: 1 })["Cloud Run: memory"]).toBeCloseTo(730 * 0.0072, 6);
    // 1000 a second by instances that answer 300, and are left 60 % busy: 5.6 of them
    const { servers } = estimate(features.plans, { ...assumed, readsPerSecond: 1000, readsPerInstance: 300 });
    expect(servers).toBe(6);
  });

  it("costs what a view more costs", () => {
    const [first] = features.plans;
    const one = estimate(first === undefined ? [] : [first], assumed);
    expect(one.usd).toBeLessThan(estimate(features.plans, assumed).usd);
    expect(Object.keys(one.rowsPerSecond)).toEqual(["user_purchases v1"]);
  });

  it("knows no price of an unknown region", () => {
    expect(() => estimate(features.plans, { ...assumed, region: "mars-north1" })).toThrow(UnknownRegionError);
    expect(() => estimate(features.plans, { ...assumed, region: "constructor" })).toThrow(/"constructor"/);
  });
});

it.each([
  ["nodes", [2, 730, 0.65], "2 nodes × 730 nodes × 0.65 nodes"],
  ["GiB", [1.195066, 2_102_400.4], "1.195 GiB × 2102400 GiB"],
])("formulas are short: %s", (unit, values, formula) => {
  expect(formulaOf({ item: "x", usd: 0, factors: values.map((value) => ({ value, unit })) })).toBe(formula);
});

it.each(["small", "prod"] satisfies Preset[])("the preset %s is what its stack file sets", (preset) => {
  const config = presetValues(preset);
  const { region, workerVcpus, workerMemoryGb, bigtableClusters, bigtableMinNodes, serverMinInstances } =
    PRESETS[preset];
  expect(config["gcp:region"]).toBe(region);
  // n2d-standard machines have 4 GB a vCPU
  expect(config["freshet:machineType"]).toBe(`n2d-standard-${workerVcpus}`);
  expect(workerMemoryGb).toBe(4 * workerVcpus);
  expect((config["freshet:bigtableZones"] ?? "one").split(",")).toHaveLength(bigtableClusters);
  expect(config["freshet:bigtableMinNodes"]).toBe(String(bigtableMinNodes));
  const instances = config["freshet:serverMinInstances"] ?? settings.serverMinInstances.example;
  expect(instances).toBe(String(serverMinInstances));
});
