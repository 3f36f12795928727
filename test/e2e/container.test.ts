import { mkdtemp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { localDir } from "../../infra/local/install/context.ts";
import { type LoneEngine, startLoneEngine } from "../../infra/local/lone-engine.ts";
import { launch } from "../../pipeline/beam/launch.ts";
import type { Job } from "../../pipeline/beam/job.ts";
import { features } from "../../pipeline/features/registry.ts";
import { closeClients } from "../../pipeline/stores/clients.ts";
import { archived, expectRows, publish } from "../support/live.ts";
import { ownStores, processWorkers } from "../support/own-stores.ts";
import { shopTraffic } from "../support/shop-traffic.ts";
import "../support/stack-context.ts";

/*
 * The main job on an engine of its own, which starts the worker as a process, by the container contract, as it would
 * start its image. It doesn't prove anything about the image itself.
 */
const SLIDE_MS = 60_000;
const stack = inject("stack");
const shop = shopTraffic(Date.now);
let dir: string;
let engine: LoneEngine;
let job: Job;
let live: Awaited<ReturnType<typeof ownStores>>;

beforeAll(async () => {
  dir = await mkdtemp(path.join(localDir(process.env), "test-container-"));
  const checkpointDir = path.join(dir, "checkpoints");
  await mkdir(checkpointDir);
  live = await ownStores("container", stack);
  engine = await startLoneEngine(path.join(dir, "engine"), { pubsubRest: stack.pubsubRest });
  job = await launch({
    registry: features,
    endpoints: live.session.stores,
    jobService: engine.jobService,
    expansion: engine.expansion,
    workers: processWorkers,
    startMs: Date.now(),
    checkpointDir,
    checkpointIntervalMs: 1_000,
    parallelism: 1,
  });
});
afterAll(async () => {
  job.close();
  await engine.stop();
  await closeClients();
  await rm(dir, { recursive: true, force: true });
});

describe("the main job with a worker that the engine starts", () => {
  it("ends with what the oracle says, in the newest rows of both stores", async () => {
    await publish(live, shop.next(60));
    const throughMs = Math.floor(Date.now() / SLIDE_MS) * SLIDE_MS + SLIDE_MS;
    for (const plan of features.plans) await expectRows(live, plan, throughMs);
    const ids = new Set((await archived(live)).map(({ attributes }) => attributes["event_id"]));
    expect(ids.size).toBe(60);
  });
});
