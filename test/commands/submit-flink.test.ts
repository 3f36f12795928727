import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { submitCommand } from "../../pipeline/commands/submit.ts";
import { httpServer } from "../support/http-server.ts";

/*
 * What `freshet submit --runner flink` prints, with a server that answers as a Flink with one job does. A real Flink gets
 * the job in test/e2e/cluster.test.ts.
 */
const PATHS: Readonly<Record<string, unknown>> = {
  "/jobs/overview": {
    jobs: [{ jid: "j1", name: "shop", state: "RUNNING", "start-time": 0, tasks: { total: 23, running: 23 } }],
  },
  "/jobs/j1/checkpoints": {
    counts: { completed: 2, failed: 1, restored: 0 },
    latest: { completed: { external_path: "gs://b/chk-2", trigger_timestamp: 1_000 } },
  },
  "/jobs/j1/exceptions": { exceptionHistory: { entries: [] } },
  "/jobs/j1/savepoints": { "request-id": "r" },
  "/jobs/j1/savepoints/r": { status: { id: "COMPLETED" }, operation: { location: "gs://b/savepoint-1" } },
};

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the command against the scripted Flink. */
async function submit(...flags: string[]): Promise<string> {
  const url = await httpServer((request, response) => response.end(JSON.stringify(PATHS[request.url ?? ""])));
  const master = url.replace("http://", "");
  const given = ["--runner", "flink", "--flink-master", master, "--job-name", "shop", ...flags];
  await submitCommand().exitOverride().parseAsync(given, { from: "user" });
  return printed.join("");
}

describe("freshet submit --runner flink", () => {
  it("--status shows job and checkpoints", async () => {
    expect(await submit("--status")).toBe(
      [
        "shop j1 is RUNNING, started 1970-01-01T00:00:00.000Z; 23 of 23 tasks run",
        "checkpoints: 2 completed, 1 failed, restored 0 times",
        "newest: 1970-01-01T00:00:01.000Z gs://b/chk-2",
        "",
      ].join("\n"),
    );
  });

  it("--status --json is one document", async () => {
    expect(JSON.parse(await submit("--status", "--json"))).toEqual({
      id: "j1",
      job_name: "shop",
      state: "RUNNING",
      started: "1970-01-01T00:00:00.000Z",
      tasks: { running: 23, all: 23 },
      checkpoints: {
        completed: 2,
        failed: 1,
        restored: 0,
        latest: { path: "gs://b/chk-2", at: "1970-01-01T00:00:01.000Z" },
      },
      failure: null,
    });
  });

  it("--savepoint prints the savepoint's path", async () => {
    expect(await submit("--savepoint", "--savepoint-dir", "gs://b")).toBe("gs://b/savepoint-1\n");
  });

  it.each([
    [["--stop"], "--runner flink needs --savepoint-dir, like --savepoint-dir gs://BUCKET/savepoints"],
    [
      ["--workers", "process", "--project", "p", "--instance", "i", "--dataset", "d"],
      "needs --worker-command",
    ],
    [["--project", "p", "--instance", "i", "--dataset", "d"], "needs --checkpoint-dir"],
  ])("%j lacks an option, and says which", async (flags, message) => {
    const refusal = submit(...flags);
    await expect(refusal).rejects.toMatchObject({ code: "missing_option" });
    await expect(refusal).rejects.toThrow(message);
  });

  it("doesn't stop and cancel at once", async () => {
    await expect(submit("--stop", "--cancel")).rejects.toMatchObject({ code: "commander.conflictingOption" });
  });
});
