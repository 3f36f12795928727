import { BeamFnExternalWorkerPoolClient } from "apache-beam/proto/beam_fn_api.grpc-client";
import { credentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { varintCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { addLogSink, log } from "../../pipeline/harness/log.ts";
import type { LogRecord } from "../../pipeline/harness/log.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";
import { startWorkerPool } from "../../pipeline/harness/worker-pool.ts";
import type { WorkerPool } from "../../pipeline/harness/worker-pool.ts";
import { Worker } from "../../pipeline/harness/worker.ts";
import { FakeRunner } from "../support/fake-runner.ts";
import { element, encode, Stage, values } from "./stage.ts";

let runner: FakeRunner;
let stderr: string[];
beforeEach(async () => {
  runner = await FakeRunner.start();
  stderr = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => stderr.push(String(text)) > 0);
});
afterEach(() => {
  runner.stop();
  vi.restoreAllMocks();
});

let torn = 0;
registerDoFn("hang", (): DoFn => ({
  process: () => new Promise(() => undefined), // for ever
  teardown() {
    torn++;
  },
}));
registerDoFn("same", (): DoFn<number, number> => ({ process: (n, context) => context.emit(n) }));

describe("a worker", () => {
  const begin = () => {
    const worker = new Worker({ id: "w", controlEndpoint: runner.url, loggingEndpoint: runner.url });
    const stage = new Stage(runner);
    const input = stage.source(varintCoder);
    stage.sink(stage.parDo(input, "hang", { doFn: "hang" }));
    const bundle = runner.bundle("stage");
    bundle.send("source", encode(input, [element(1)]));
    return { worker, bundle };
  };

  test("ends when its runner dies, also in the middle of a bundle; its DoFns are torn down", async () => {
    torn = 0;
    const { worker } = begin();
    await runner.dataCall();
    runner.stop();
    await expect(worker.finished).rejects.toMatchObject({ code: "runner_gone" });
    await vi.waitFor(() => {
      expect(torn).toBe(1);
    });
    await worker.stop(); // harmless
  });

  test("ends in order when its runner ends the control stream", async () => {
    const worker = new Worker({ id: "w", controlEndpoint: runner.url });
    await runner.endControl();
    await expect(worker.finished).resolves.toBeUndefined();
    await worker.stop();
  });

  test("that can't reach its runner says so", async () => {
    const { url } = runner;
    runner.stop();
    const worker = new Worker({ id: "w", controlEndpoint: url });
    await expect(worker.finished).rejects.toThrow(`the runner at ${url} is gone`);
  });

  test("that is stopped fails its running bundles and resolves", async () => {
    const { worker } = begin();
    await runner.dataCall();
    await worker.stop();
    await expect(worker.finished).resolves.toBeUndefined();
  });
});

describe("the worker pool", () => {
  let pool: WorkerPool;
  let client: BeamFnExternalWorkerPoolClient;
  beforeEach(async () => {
    pool = await startWorkerPool();
    client = new BeamFnExternalWorkerPoolClient(pool.address, credentials.createInsecure());
  });
  afterEach(async () => {
    client.close();
    await pool.stop();
  });
  const endpoint = () => ({ url: runner.url });
  const start = (workerId: string, known = true) =>
    new Promise<string>((resolve, reject) => {
      const endpoints = known
        ? { controlEndpoint: endpoint(), loggingEndpoint: endpoint(), provisionEndpoint: endpoint() }
        : {};
      client.startWorker({ workerId, params: {}, ...endpoints }, (error, response) => {
        if (error) reject(error);
        else resolve(response?.error ?? "");
      });
    });
  const stop = (workerId: string) =>
    new Promise<string>((resolve, reject) => {
      client.stopWorker({ workerId }, (error, response) => {
        if (error) reject(error);
        else resolve(response?.error ?? "");
      });
    });

  test("starts workers that run bundles, and stops them, on request", async () => {
    expect(pool.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await start("w1")).toBe("");
    const stage = new Stage(runner);
    const input = stage.source(varintCoder);
    const output = stage.parDo(input, "same", { doFn: "same" });
    stage.sink(output);
    const bundle = runner.bundle("stage");
    bundle.send("source", encode(input, [element(5)]), true);
    await bundle.done;
    expect(values(bundle, output)).toEqual([5]);
    expect([...pool.workers.keys()]).toEqual(["w1"]);
    expect(await stop("w1")).toBe("");
    await vi.waitFor(() => {
      expect(pool.workers.size).toBe(0);
    });
    expect(await stop("w1")).toBe(""); // nothing to stop: no error
  });

  test("removes a worker whose runner is gone", async () => {
    await start("w1");
    await runner.connected();
    runner.stop();
    await vi.waitFor(() => {
      expect(pool.workers.size).toBe(0);
    });
  });

  test("replaces a worker when its id is asked for again", async () => {
    await start("w1");
    const first = pool.workers.get("w1");
    await start("w1");
    await expect(first?.finished).resolves.toBeUndefined();
    expect(pool.workers.get("w1")).not.toBe(first);
    expect(pool.workers.size).toBe(1);
  });

  test("learns the runner's capabilities from its provision service", async () => {
    await start("w1");
    expect(runner.calls).toContainEqual({ method: "getProvisionInfo", workerId: "w1" });
  });

  test("answers a request that lacks an endpoint with an error", async () => {
    expect(await start("w1", false)).toContain("the runner sent no control endpoint");
    expect(pool.workers.size).toBe(0);
  });

  test("refuses an address that is taken", async () => {
    await expect(startWorkerPool({ address: pool.address })).rejects.toThrow(/EADDRINUSE|No address/);
  });
});

describe("the log", () => {
  test("goes to the connected runner, else to stderr", async () => {
    log.warn("nobody listens");
    expect(stderr.join("")).toMatch(/^\d{4}-.*Z warn nobody listens\n$/);
    const worker = new Worker({ id: "w", controlEndpoint: runner.url, loggingEndpoint: runner.url });
    log.info("hello", { instruction: "i1", transform: "t1" });
    await vi.waitFor(() => {
      expect(runner.logs).toMatchObject([
        { severity: 3, message: "hello", instructionId: "i1", transformId: "t1" },
      ]);
    });
    expect(stderr).toHaveLength(1);
    await worker.stop();
    log.error("alone again", { trace: "at here" });
    expect(stderr[1]).toMatch(/error alone again\nat here\n$/);
  });

  test("may have other sinks, too; one that can't take a record doesn't lose it", () => {
    const records: LogRecord[] = [];
    const remove = addLogSink({ write: (record) => records.push(record) === 0 });
    log.debug("kept");
    remove();
    log.debug("missed");
    expect(records.map(({ severity, message }) => [severity, message])).toEqual([["debug", "kept"]]);
    expect(stderr.join("")).toContain("debug kept");
  });
});
