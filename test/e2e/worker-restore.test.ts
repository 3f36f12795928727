import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelFlinkJob, flinkStatus, stopFlinkJob } from "../../infra/flink/control.ts";
import { localDir } from "../../infra/local/install/context.ts";
import { type LoneEngine, startLoneEngine } from "../../infra/local/lone-engine.ts";
import { Graph } from "../../pipeline/beam/beam.ts";
import { submit } from "../../pipeline/beam/job.ts";
import { utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { startWorkerPool, type WorkerPool } from "../../pipeline/harness/worker-pool.ts";
import { combineFn, type Count, counts, doFn } from "../support/engine-graph.ts";
import { type FlinkCluster, startFlinkCluster } from "../support/flink-cluster.ts";
import { eventually } from "../support/live.ts";

/*
 * What a runner gives back: states of each kind, timers of both time domains that were pending, and the watermark hold of
 * one, from a checkpoint after a failure and from a savepoint; and that Flink finalizes bundles with its checkpoints.
 * It doesn't prove anything about a worker process that dies (the main job's test does), or about other runners.
 */
const JOB = "worker-restore-test";
const SEQUENCE_URN = "beam:external:java:generate_sequence:v1";
const TICK_MS = 100;

let dir: string;
let cluster: FlinkCluster;
let engine: LoneEngine;
let pool: WorkerPool;

/** What the DoFns below told, in order. */
const told: string[] = [];
const of = (what: string) => told.filter((line) => line.includes(what));
/** The numbers of the ticks that have been told since a place in `told`. */
const ticksSince = (begin: number) =>
  told.slice(begin).flatMap((line) => (line.startsWith("tick ") ? [Number(line.slice(5))] : []));
let failNext = false;
let gateIsOpen = false;

/** The first three numbers of the sequence; the others only move the watermark. */
const firstThree = doFn((): DoFn<number, Count> => ({
  process(n, context) {
    if (n < 3) context.emit({ key: "a", value: 2 ** n });
  },
}));

/**
 * Counts its ticks, which hold the watermark at the first element, until the gate opens.
 *
 *     processing time   set ── tick 1 ── tick 2 ── …     (one timer, armed anew each time)
 *     event time         T        └── holds T
 */
const clock = doFn((): DoFn<Count, Count> => ({
  process(element, context) {
    context.afterBundleCommit(() => void told.push(`${Number(element.value)} is durable`));
    if (element.value === 1) context.timer("tick").set(context.now() + TICK_MS, context.timestamp);
    context.emit(element);
  },
  onTimer(context) {
    const ticks = context.value<number>("ticks");
    ticks.write((ticks.read() ?? 0) + 1);
    if (failNext) {
      failNext = false;
      throw new Error("asked to fail");
    }
    told.push(`tick ${ticks.read() ?? 0}`);
    if (!gateIsOpen) context.timer("tick").set(context.now() + TICK_MS, context.holdMs);
  },
}));

const sum = combineFn(() => ({
  zero: () => 0,
  add: (total: number, n: number) => total + n,
  merge: (one: number, other: number) => one + other,
  output: (total: number) => total,
}));

/** Keeps what it sees, and tells it when the watermark has passed the first of them. */
const keeper = doFn((): DoFn<Count, Count> => ({
  process({ key, value }, context) {
    context.value("newest").write(value);
    context.bag("all").add(value);
    context.combining("sum").add(value);
    if (value === 1) context.timer("end").set(context.timestamp + 1);
    told.push(`${key} keeps ${value}`);
  },
  onTimer(context) {
    const all = [...context.bag<number>("all").read()].join();
    const newest = String(context.value("newest").read());
    told.push(
      `${String(context.key)} ends: ${newest} [${all}] ${context.combining<number, number>("sum").read()}`,
    );
  },
}));

/** An unbounded source, since a bounded one ends event time at once, and with it every state and timer. */
async function build(): Promise<Graph> {
  const graph = new Graph();
  const config = { start: 0, period: TICK_MS, elements_per_period: 1 };
  const sequence = await graph.external("sequence", SEQUENCE_URN, config, engine.expansion);
  const input = graph.parDo(sequence, "first", { doFn: firstThree, output: counts });
  const timed = graph.parDo(input, "clock", {
    doFn: clock,
    output: counts,
    states: { ticks: { kind: "value", coder: varintCoder } },
    timers: { tick: { domain: "processing", key: utf8Coder } },
    finalizes: true,
  });
  graph.parDo(timed, "keeper", {
    doFn: keeper,
    output: counts,
    states: {
      newest: { kind: "value", coder: varintCoder },
      all: { kind: "bag", coder: varintCoder },
      sum: { kind: "combining", coder: varintCoder, combineFn: sum },
    },
    timers: { end: { domain: "event", key: utf8Coder } },
  });
  return graph;
}

async function start(savepointPath?: string): Promise<void> {
  const proto = (await build()).toProto({ kind: "external", pool: pool.address });
  const job = await submit(proto, engine.jobService, JOB, {
    jobName: JOB,
    streaming: true,
    parallelism: 1,
    checkpointingInterval: 500,
    stateBackend: "filesystem",
    stateBackendStoragePath: `file://${path.join(dir, "checkpoints")}`,
    externalizedCheckpointsEnabled: true,
    retainExternalizedCheckpointsOnCancellation: true,
    maxBundleTimeMills: 50,
    ...(savepointPath !== undefined && { savepointPath }),
  });
  job.close();
}

const ref = () => ({ flinkMaster: cluster.master, jobName: JOB });
const checkpoints = async () => (await flinkStatus(ref())).checkpoints;

/** Waits until all that has been told by now is in a checkpoint. @returns the last tick told by then */
async function untilDurable(): Promise<number> {
  const tick = ticksSince(0).at(-1) ?? 0;
  const sinceMs = Date.now();
  await eventually(async () => expect((await checkpoints()).latest?.atMs).toBeGreaterThan(sinceMs));
  return tick;
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(localDir(process.env), "test-restore-"));
  await Promise.all(["checkpoints", "savepoints"].map((name) => mkdir(path.join(dir, name))));
  [cluster, pool] = await Promise.all([startFlinkCluster(path.join(dir, "flink"), 1), startWorkerPool()]);
  engine = await startLoneEngine(path.join(dir, "engine"), { flinkMaster: cluster.master });
});
afterAll(async () => {
  await engine.stop();
  await cluster.stop();
  await pool.stop();
  await rm(dir, { recursive: true, force: true });
});

describe("a job of states and timers", () => {
  it("runs; each bundle is finalized once, with a checkpoint", async () => {
    await start();
    await eventually(() => expect(ticksSince(0).length).toBeGreaterThan(3));
    await untilDurable();
    expect(of("keeps")).toEqual(["a keeps 1", "a keeps 2", "a keeps 4"]);
    await eventually(() => expect(of("durable")).toEqual(["1 is durable", "2 is durable", "4 is durable"]));
    expect(of("ends")).toEqual([]);
  });

  it("goes on from its checkpoint after a failure", async () => {
    const durable = await untilDurable();
    failNext = true;
    await eventually(() => expect(failNext).toBe(false));
    const begin = told.length;
    await eventually(() => expect(ticksSince(begin).length).toBeGreaterThan(2));
    await eventually(async () => expect((await checkpoints()).restored).toBe(1));
    expectToGoOn(begin, durable);
  });

  it("goes on from a savepoint", async () => {
    const before = ticksSince(0).at(-1) ?? 0;
    const savepoint = await stopFlinkJob(ref(), path.join(dir, "savepoints"));
    const begin = told.length;
    await start(savepoint);
    await eventually(() => expect(ticksSince(begin).length).toBeGreaterThan(2));
    expectToGoOn(begin, before);
  });

  it("then fires the timer that was pending all along, on the states of before", async () => {
    expect(of("ends")).toEqual([]); // the hold came back too: nothing has passed it
    gateIsOpen = true;
    await eventually(() => expect(of("ends")).toEqual(["a ends: 4 [1,2,4] 7"]));
    await untilDurable();
    expect(of("ends")).toHaveLength(1);
    expect(of("keeps")).toHaveLength(3); // no element came again,
    expect(of("durable")).toHaveLength(3); // and no bundle was finalized again
    await cancelFlinkJob(ref());
  });
});

/** @param least the last tick that must not be counted again */
function expectToGoOn(begin: number, least: number): void {
  const before = ticksSince(0).length - ticksSince(begin).length;
  const [last] = ticksSince(0).slice(before - 1, before);
  const [first = 0, ...others] = ticksSince(begin);
  expect(first).toBeGreaterThan(least);
  expect(first).toBeLessThanOrEqual((last ?? 0) + 1);
  expect(others).toEqual(others.map((_, n) => first + 1 + n));
}
