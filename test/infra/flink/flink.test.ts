import { describe, expect, it, onTestFinished } from "vitest";
import { FlinkClient } from "../../../infra/flink/client.ts";
import { cancelFlinkJob, flinkStatus, stopFlinkJob } from "../../../infra/flink/control.ts";
import { submitToFlink } from "../../../infra/flink/submit.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { type HttpAction, type HttpRequest, scriptedHttp } from "../../support/scripted-http.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { testEndpoints } from "../../support/stores.ts";

/*
 * What is said to a Flink and made of its answers, by a server that answers from a script; the answers' shapes are those
 * of Flink 1.19. A real Flink answers in test/e2e/cluster.test.ts.
 */
const job = (jid: string, state: string, start: number, name = "freshet") => ({
  jid,
  name,
  state,
  "start-time": start,
  tasks: { total: 23, running: state === "RUNNING" ? 23 : 0 },
});
const cluster = { taskmanagers: 2, "slots-total": 4, "slots-available": 4, "flink-version": "1.19.0" };

/** A Flink that answers by path; an array is answered one after the other, the last for ever. */
async function flink(answers: Record<string, unknown>) {
  const asked = new Map<string, number>();
  const server = await scriptedHttp(({ path }: HttpRequest): HttpAction => {
    const known = answers[path];
    if (known === undefined) return { status: 404, body: { errors: ["org.Unknown: not found", path] } };
    const index = asked.get(path) ?? 0;
    asked.set(path, index + 1);
    const body: unknown = Array.isArray(known) ? known[Math.min(index, known.length - 1)] : known;
    return { status: 200, body };
  });
  const close = () => server[Symbol.asyncDispose]();
  onTestFinished(close);
  const flinkMaster = server.url.replace("http://", "");
  const ref = { flinkMaster, jobName: "freshet" };
  return { requests: server.requests, close, ref, client: new FlinkClient(flinkMaster) };
}

/** A submission to this cluster; it gets no further than what the cluster refuses. */
const submission = (flinkMaster: string) =>
  submitToFlink({
    flinkMaster,
    jobName: "freshet",
    registry: features,
    endpoints: testEndpoints("flink"),
    dir: tempFolder(),
    workers: { kind: "external", pool: "127.0.0.1:1" },
    startMs: 0,
    checkpointDir: "/nowhere",
    checkpointIntervalMs: 1_000,
    parallelism: 3,
  });

describe("a running job", () => {
  it("is stopped with a savepoint, whose path comes back once the job has ended", async () => {
    const savepoint = { status: { id: "COMPLETED" }, operation: { location: "gs://b/savepoint-1" } };
    const { ref, requests } = await flink({
      "/jobs/overview": [
        {
          jobs: [job("old", "CANCELED", 1), job("now", "RUNNING", 2), job("other", "RUNNING", 3, "another")],
        },
        { jobs: [job("now", "RUNNING", 2)] },
        { jobs: [job("now", "CANCELED", 2)] },
      ],
      "/jobs/now/savepoints": { "request-id": "r1" },
      "/jobs/now/savepoints/r1": [{ status: { id: "IN_PROGRESS" } }, savepoint],
    });
    expect(await stopFlinkJob(ref, "gs://b")).toBe("gs://b/savepoint-1");
    expect(requests[1]).toEqual({
      method: "POST",
      path: "/jobs/now/savepoints",
      body: { "target-directory": "gs://b", "cancel-job": true },
    });
    expect(requests.filter(({ path }) => path === "/jobs/overview")).toHaveLength(3);
  });

  it("that gives no savepoint runs on, and the cause is told", async () => {
    const trace = "org.Outer: failed\n\tat x\nCaused by: java.io.IOException: no such bucket\n\tat y";
    const { ref } = await flink({
      "/jobs/overview": { jobs: [job("now", "RUNNING", 2)] },
      "/jobs/now/savepoints": { "request-id": "r1" },
      "/jobs/now/savepoints/r1": {
        status: { id: "COMPLETED" },
        operation: { "failure-cause": { "stack-trace": trace } },
      },
    });
    await expect(stopFlinkJob(ref, "gs://b")).rejects.toMatchObject({
      code: "savepoint_failed",
      message: "job now: no savepoint was taken: java.io.IOException: no such bucket",
    });
  });

  it("is shown with its checkpoints and what it failed of last; the newest by its name", async () => {
    const { ref } = await flink({
      "/jobs/overview": { jobs: [job("old", "FAILED", 1), job("now", "RESTARTING", 2)] },
      "/jobs/now/checkpoints": {
        counts: { completed: 7, failed: 1, restored: 2 },
        latest: { completed: { external_path: "file:/c/chk-7", trigger_timestamp: 99 } },
      },
      "/jobs/now/exceptions": {
        exceptionHistory: { entries: [{ stacktrace: "a.B: lost\n\tat c\n\tat d\n\tat e" }] },
      },
    });
    expect(await flinkStatus(ref)).toEqual({
      job: { id: "now", name: "freshet", state: "RESTARTING", startedMs: 2, tasks: 23, runningTasks: 0 },
      checkpoints: { completed: 7, failed: 1, restored: 2, latest: { path: "file:/c/chk-7", atMs: 99 } },
      failure: "a.B: lost\n\tat c\n\tat d",
    });
  });

  it("must be there to be ended", async () => {
    const { ref } = await flink({ "/jobs/overview": { jobs: [job("old", "FINISHED", 1)] } });
    await expect(cancelFlinkJob(ref)).rejects.toMatchObject({ code: "job_not_found" });
  });
});

describe("a submission is refused before anything is started", () => {
  it.each([
    [
      { ...cluster, "flink-version": "1.20.1" },
      [],
      "flink_version",
      "is version 1.20.1: the job needs 1.19.x",
    ],
    [
      cluster,
      [job("now", "RESTARTING", 1)],
      "job_runs_already",
      "job freshet runs already (now, RESTARTING)",
    ],
    [
      { ...cluster, "slots-available": 2 },
      [],
      "too_few_slots",
      "has 2 of 4 task slots free: --parallelism 3",
    ],
  ])("where it can't run (%#)", async (overview, jobs, code, message) => {
    const { ref } = await flink({ "/overview": overview, "/jobs/overview": { jobs } });
    const refusal = submission(ref.flinkMaster);
    await expect(refusal).rejects.toMatchObject({ code });
    await expect(refusal).rejects.toThrow(message);
  });
});

describe("a cluster", () => {
  it("that isn't there is named", async () => {
    const { ref, client, close } = await flink({});
    await close();
    await expect(client.overview()).rejects.toMatchObject({ code: "flink_unreachable" });
    await expect(client.overview()).rejects.toThrow(
      `no Flink job manager answers at http://${ref.flinkMaster}`,
    );
  });

  it("that refuses is quoted", async () => {
    const { client } = await flink({});
    await expect(client.cancel("x")).rejects.toMatchObject({
      code: "flink_refused",
      message: "Flink answered 404 to PATCH /jobs/x?mode=cancel: org.Unknown: not found; /jobs/x?mode=cancel",
    });
  });
});
