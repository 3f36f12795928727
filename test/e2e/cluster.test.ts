import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { flinkStatus, stopFlinkJob } from "../../infra/flink/control.ts";
import { submitToFlink } from "../../infra/flink/submit.ts";
import { localDir } from "../../infra/local/install/context.ts";
import { features } from "../../pipeline/features/registry.ts";
import { closeClients } from "../../pipeline/stores/clients.ts";
import { type FlinkCluster, startFlinkCluster } from "../support/flink-cluster.ts";
import { archived, eventually, expectRows, type LiveStores, offlineRows, publish } from "../support/live.ts";
import { ownStores, processWorkers } from "../support/own-stores.ts";
import { shopTraffic } from "../support/shop-traffic.ts";
import "../support/stack-context.ts";

/*
 * The main job on a Flink session cluster: a job manager and two task managers as processes, which know nothing of Beam
 * or of us; the job brings its Java libraries, and each task manager starts workers by the container contract. The truth
 * is worked out by the oracle from the raw archive. It doesn't prove anything about several machines, nor about a
 * distribution's own start scripts.
 */
const stack = inject("stack");
const JOB = { jobName: "freshet-cluster-test" };
const SLIDE_MS = 60_000;

const shop = shopTraffic(Date.now);
let dir: string;
let live: LiveStores;
let cluster: FlinkCluster;
let savepoint: string;

const folder = (name: string) => path.join(dir, name);
const ref = () => ({ ...JOB, flinkMaster: cluster.master });
const submit = (options: { fromSavepoint?: string } = {}) =>
  submitToFlink({
    ...ref(),
    ...options,
    registry: features,
    endpoints: live.session.stores,
    pubsubRest: stack.pubsubRest,
    dir: folder("engine"),
    workers: processWorkers,
    startMs: Date.now(),
    checkpointDir: folder("checkpoints"),
    checkpointIntervalMs: 1_000,
    parallelism: 2,
  });

/** Publishes some events, and waits until the job has written something of them. */
async function eventsPass(count: number): Promise<void> {
  const plan = features.plan("item_activity");
  const seen = () => offlineRows(live, plan).then((rows) => Math.max(0, ...rows.map(({ seq }) => seq)));
  const before = await seen();
  await publish(live, shop.next(count));
  await eventually(async () => expect(await seen()).toBeGreaterThan(before));
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(localDir(process.env), "test-cluster-"));
  await mkdir(folder("checkpoints"));
  [cluster, live] = await Promise.all([startFlinkCluster(folder("flink"), 2), ownStores("cluster", stack)]);
});
afterAll(async () => {
  await cluster.stop();
  await closeClients();
  await rm(dir, { recursive: true, force: true });
});

describe("the main job on a Flink cluster", () => {
  it("runs on both task managers, with workers that they start", async () => {
    await submit();
    await eventsPass(40);
    const answer = await fetch(`http://${cluster.master}/taskmanagers`);
    const { taskmanagers } = (await answer.json()) as { taskmanagers: { freeSlots: number }[] };
    expect(taskmanagers.map(({ freeSlots }) => freeSlots)).toEqual([1, 1]);
  });

  it("recovers from its checkpoint when a task manager is killed in mid-stream", async () => {
    await publish(live, shop.next(40));
    await cluster.taskManagers[0]?.kill();
    await eventsPass(40);
    const { checkpoints } = await flinkStatus(ref());
    expect(checkpoints.restored).toBeGreaterThan(0);
  });

  it("stops with a savepoint", async () => {
    await cluster.addTaskManager();
    await publish(live, shop.next(40));
    savepoint = await stopFlinkJob(ref(), folder("savepoints"));
    const { job } = await flinkStatus(ref());
    expect(job.state).toBe("CANCELED");
  });

  it("goes on from the savepoint with what was published meanwhile", async () => {
    await publish(live, shop.next(40));
    await submit({ fromSavepoint: savepoint });
    await eventsPass(40);
  });

  it("ends with what the oracle says, in the newest rows of both stores", async () => {
    const throughMs = Math.floor(Date.now() / SLIDE_MS) * SLIDE_MS + SLIDE_MS;
    for (const plan of features.plans) await expectRows(live, plan, throughMs);
    const ids = new Set((await archived(live)).map(({ attributes }) => attributes["event_id"]));
    expect(ids.size).toBe(shop.sent);
  });
});
