import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { localDir } from "../../infra/local/install/context.ts";
import { buildGraph } from "../../pipeline/beam/build.ts";
import { partFile } from "../../pipeline/beam/file-sink.ts";
import { submit } from "../../pipeline/beam/job.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { stageOf } from "../../pipeline/beam/view-ref.ts";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import type { FeatureJson } from "../../pipeline/core/feature-json.ts";
import type { DecodedEvent, EventRow, FeatureRow } from "../../pipeline/core/model.ts";
import { parseRecordingLine } from "../../pipeline/core/recording.ts";
import { features } from "../../pipeline/features/registry.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { collect, type Seen, valuesOf } from "../support/engine-graph.ts";
import { rowOfJson } from "../support/feature-json.ts";
import { expand, oracle } from "../support/oracle.ts";
import { shopRecording } from "../support/shop-recording.ts";
import { testEngine } from "../support/test-engine.ts";
import "../support/stack-context.ts";

/*
 * The same hours of a real shop, with disorder, duplicates and late messages, by both window strategies in one job on
 * the real engine: one view by Beam's own sliding windows, the other by timers, and each of its events with its row. It
 * doesn't prove panes: a bounded run has only final ones.
 */
const MESSAGES = 600;
const beamView = features.plan("user_purchases");
const timerView = features.plan("item_activity");
const lines = shopRecording(1)
  .messages.slice(0, MESSAGES)
  .map((message) => JSON.stringify(message));
const setup = testEngine();
let dir = "";
let told: readonly Seen<EventRow>[] = [];

beforeAll(async () => {
  registerTransforms(features);
  dir = await mkdtemp(path.join(localDir(process.env), "test-beam-windows-"));
  const file = path.join(dir, "shop.ndjson");
  await writeFile(file, lines.map((line) => `${line}\n`).join(""));
  const graph = await buildGraph({
    registry: features,
    sources: { shop_event: { kind: "recording", file } },
    strategies: { [beamView.name]: "beam-windows" },
    onEachEvent: {
      [timerView.name]: (into, events) => {
        told = collect(into, events, "each event");
      },
    },
    sinks: { kind: "files", dir },
  });
  const proto = graph.toProto({ kind: "external", pool: setup.engine.pool.address });
  const options = { streaming: true, parallelism: 1 };
  const job = await submit(proto, inject("stack").jobService, "beam-windows", options);
  await job.done();
  job.close();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function decoded(): DecodedEvent[] {
  const decode = createDecoder(features.event("shop_event"));
  return lines.flatMap((line, i) => {
    const result = decode(parseRecordingLine(line, i + 1));
    return isDeadLetter(result) ? [] : [result];
  });
}

async function rowsOf(plan: typeof beamView): Promise<FeatureRow[]> {
  const text = await readFile(partFile(dir, plan), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => rowOfJson(plan, JSON.parse(line) as FeatureJson));
}

describe("two window strategies", () => {
  it.each([
    ["beam-windows", beamView],
    ["timers", timerView],
  ])("%s: the oracle's values and seq for every key and window", async (_, plan) => {
    const truth = oracle([plan], decoded()).get(plan.name)?.windows ?? new Map();
    const stored = expand(plan, await rowsOf(plan));
    expect(truth.size).toBeGreaterThan(5);
    expect([...stored.keys()].sort()).toEqual([...truth.keys()].sort());
    for (const [key, expected] of truth) expect(stored.get(key as string), key as string).toEqual(expected);
  });

  it("beam-windows writes every window, timers those that change", async () => {
    const windows = async (plan: typeof beamView) => {
      let all = 0;
      const rows = await rowsOf(plan);
      for (const ofKey of expand(plan, rows).values()) all += ofKey.size;
      return [new Set(rows.map(({ key, windowEndMs }) => `${key} ${windowEndMs}`)).size, all] as const;
    };
    const [written, all] = await windows(beamView);
    expect(written).toBe(all);
    const [changed, carried] = await windows(timerView);
    expect(changed).toBeLessThan(carried);
  });

  it.each([beamView, timerView].map((plan) => [plan.name, plan] as const))(
    "each event of a view in exactly one class: %s",
    (_, plan) => {
      const { counters } = metricsSnapshot();
      const count = (name: string) =>
        counters.find((counter) => counter.name === `${stageOf(plan)}.${name}`)?.total ?? 0;
      const { applied, late, filtered, duplicate } =
        oracle([plan], decoded()).get(plan.name)?.counts ?? expect.fail();
      expect({
        applied: count("applied"),
        late: count("late") + count("window_closed"),
        filtered: count("filtered"),
        duplicate: count("duplicate"),
      }).toEqual({ applied, late, filtered, duplicate });
      expect(applied + late + filtered + duplicate).toBe(decoded().length);
    },
  );
});

describe("each event", () => {
  it("leaves once, if it is applied, with the row of its own slice's window that includes it", () => {
    const counts = oracle([timerView], decoded()).get(timerView.name)?.counts;
    const seen = valuesOf(told);
    expect(seen).toHaveLength(counts?.applied ?? NaN);
    expect(new Set(seen.map(({ event, row }) => `${row.key} ${event.eventId}`)).size).toBe(seen.length);
    for (const { event, row } of seen) {
      expect(row.windowEndMs - event.eventTimeMs).toBeGreaterThan(0);
      expect(row.windowEndMs - event.eventTimeMs).toBeLessThanOrEqual(timerView.slideMs);
      expect(row.maxEventTimeMs).toBeGreaterThanOrEqual(event.eventTimeMs);
    }
    const newest = new Map<string, number>();
    for (const { row } of seen) {
      const window = `${row.key} ${row.windowEndMs}`;
      expect(row.seq, window).toBeGreaterThan(newest.get(window) ?? 0); // each one more than the one before it
      newest.set(window, row.seq);
    }
  });
});
