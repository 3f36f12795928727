import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PARSED, parseOneMessage, startContainer } from "./support/contract.ts";
import { FakeRunner } from "./support/fake-runner.ts";

/*
 * The entry point of the worker's image, started as a process by the container contract, against a runner that is driven
 * by hand. A real runner starts it in test/e2e/cluster.test.ts.
 */
const ENTRY = fileURLToPath(new URL("../pipeline/container.ts", import.meta.url));
let runner: FakeRunner;
beforeEach(async () => {
  runner = await FakeRunner.start();
});
afterEach(() => runner.stop());

const start = (...flags: string[]) => startContainer([ENTRY, ...flags]);
const provisioned = () => {
  const url = { url: runner.url };
  runner.provision = { controlEndpoint: url, loggingEndpoint: url, artifactEndpoint: url };
  return `--provision_endpoint=${runner.url}`;
};

describe("a worker's container", () => {
  it("runs bundles until the runner ends it, given no more than its id and the provision service", async () => {
    const { exited } = start("--id=c1", provisioned());
    expect(await parseOneMessage(runner)).toEqual(PARSED);
    expect(new Set(runner.calls.map(({ workerId }) => workerId))).toEqual(new Set(["c1"]));
    await runner.endControl();
    (await runner.dataCall()).end();
    expect(await exited).toEqual([0, null]);
    expect(runner.logs.map(({ message }) => message).at(-1)).toBe("worker c1 ends");
  });

  it("ends in order when it is told to, in the middle of its work", async () => {
    const { child, exited } = start("--id=c1", provisioned());
    await runner.connected();
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });
});

describe("a worker's container that can't work ends with an error, so that it is started again", () => {
  it("when its runner dies", async () => {
    const { exited, stderr } = start("--id=c1", provisioned());
    await runner.connected();
    runner.stop();
    expect(await exited).toEqual([1, null]);
    expect(stderr()).toContain(`the runner at ${runner.url} is gone`);
  });

  it("with another code where a person started it without arguments", async () => {
    const { exited, stderr } = start();
    expect(await exited).toEqual([2, null]);
    expect(stderr()).toContain("a runner starts this, with --id and --provision_endpoint");
  });
});

describe("a pool out of the worker's image", () => {
  it("listens, and ends when it is told to", async () => {
    const { child, exited, stderr } = start("--worker_pool", "--worker_pool_address=127.0.0.1:0");
    await vi.waitFor(() => expect(stderr()).toMatch(/worker pool listens at 127\.0\.0\.1:[1-9]/), 20_000);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });
});
