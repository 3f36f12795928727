import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { containerArguments, runContainerWorker } from "../../pipeline/harness/container.ts";
import { log } from "../../pipeline/harness/log.ts";
import { FakeRunner } from "../support/fake-runner.ts";

let runner: FakeRunner;
let stderr: string[];
beforeEach(async () => {
  runner = await FakeRunner.start();
  const url = { url: runner.url };
  runner.provision = { controlEndpoint: url, loggingEndpoint: url, artifactEndpoint: { url: "127.0.0.1:1" } };
  stderr = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => stderr.push(String(text)) > 0);
});
afterEach(() => {
  runner.stop();
  vi.restoreAllMocks();
});

const args = () => ({ id: "c1", provisionEndpoint: runner.url });
const logged = () => runner.logs.map(({ message }) => message);
const methods = () => runner.calls.map(({ method, workerId }) => `${method} ${workerId}`);

describe("a container's command line", () => {
  test("is read as runners give it", () => {
    const argv = [
      "--id=7-1",
      "--control_endpoint=c:1",
      "--logging_endpoint",
      "l:2",
      "--provision_endpoint=p:3",
      "--semi_persist_dir=/x",
    ];
    expect(containerArguments(argv)).toEqual({
      id: "7-1",
      controlEndpoint: "c:1",
      loggingEndpoint: "l:2",
      provisionEndpoint: "p:3",
      artifactEndpoint: undefined,
    });
    expect(() => containerArguments(["--control_endpoint=c:1"])).toThrow("no --id");
  });
});

describe("a container's worker", () => {
  test("asks the provision service, opens the runner's log, makes its DoFns known, and only then takes work", async () => {
    const register = vi.fn(() => log.info("registering"));
    const running = runContainerWorker(args(), { register });
    await runner.connected();
    expect(register).toHaveBeenCalledOnce();
    await runner.endControl();
    await expect(running).resolves.toBeUndefined();
    expect(methods()).toEqual(["getProvisionInfo c1", "logging c1", "control c1"]);
    expect(logged()).toEqual([
      expect.stringMatching(/^worker c1 starts: Node v/),
      "registering",
      "worker c1 ends",
    ]);
    expect(stderr).toEqual([]);
  });

  test("believes the provision service more than the command line", async () => {
    const nowhere = "127.0.0.1:1";
    const running = runContainerWorker({ ...args(), controlEndpoint: nowhere, loggingEndpoint: nowhere });
    await runner.connected();
    await runner.endControl();
    await expect(running).resolves.toBeUndefined();
  });

  test("fetches no artifact, and says so", async () => {
    const empty = new Uint8Array();
    const artifact = { typeUrn: "", typePayload: empty, roleUrn: "", rolePayload: empty };
    runner.provision = { ...runner.provision, dependencies: [artifact] };
    const running = runContainerWorker(args());
    await runner.connected();
    await runner.endControl();
    await running;
    expect(logged()).toContain("worker c1 fetches none of the job's 1 artifacts: it has its code");
  });

  test("runs the siblings that the runner asks for", async () => {
    runner.provision = { ...runner.provision, siblingWorkerIds: ["c2", "c3"] };
    const stopping = new AbortController();
    const running = runContainerWorker(args(), { stopping: stopping.signal });
    await vi.waitFor(() =>
      expect(
        methods()
          .filter((call) => call.startsWith("control"))
          .sort(),
      ).toEqual(["control c1", "control c2", "control c3"]),
    );
    stopping.abort();
    await expect(running).resolves.toBeUndefined();
  });

  test("resolves when it was told to end, even before it began", async () => {
    await expect(runContainerWorker(args(), { stopping: AbortSignal.abort() })).resolves.toBeUndefined();
  });
});

describe("a container's worker that can't work rejects, so that its process ends with an error", () => {
  test("when the runner is gone", async () => {
    const running = runContainerWorker({ id: "c1", controlEndpoint: runner.url });
    await runner.connected();
    runner.stop();
    await expect(running).rejects.toMatchObject({ code: "runner_gone" });
    expect(stderr.join("")).toContain("error worker c1: the runner at");
  });

  test("when there is no provision service", async () => {
    runner.stop();
    await expect(runContainerWorker(args())).rejects.toMatchObject({ code: "runner_gone" });
  });

  test("when the runner names no control endpoint; its log says so", async () => {
    runner.provision = { loggingEndpoint: { url: runner.url } };
    await expect(runContainerWorker(args())).rejects.toMatchObject({ code: "protocol" });
    expect(logged().at(-1)).toMatch(/^worker c1 failed: HarnessError: the runner sent no control endpoint/);
  });

  test("when its DoFns can't be registered; the runner's log has the stack", async () => {
    const register = () => {
      throw new RangeError("two views of one name");
    };
    await expect(runContainerWorker(args(), { register })).rejects.toThrow("two views of one name");
    expect(logged().at(-1)).toMatch(/^worker c1 failed: RangeError: two views of one name\n\s+at register/);
  });
});
