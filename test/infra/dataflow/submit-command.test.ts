import { describe, expect, it } from "vitest";
import { DIGEST, target, targetOptions } from "../../support/dataflow-target.ts";
import { freshet } from "../../support/freshet.ts";
import { FakeGoogle } from "../../support/google/server.ts";
import { protoError } from "../../support/google/replies.ts";

/* A job's whole life by the command line, as processes of their own, against a stand-in of Google's services. */
async function stage() {
  const google = await FakeGoogle.start();
  google.storage.buckets.add(target.bucket);
  google.images.add(DIGEST);
  const submit = (...args: string[]) => freshet(["submit", "--poll", "1ms", ...args], google.environment);
  return { google, submit };
}
const place = ["--project", target.project, "--region", target.region];

describe("freshet submit", () => {
  it("creates a job, shows it, updates it, and drains it", async () => {
    const { google, submit } = await stage();
    const created = await submit(...targetOptions, "--json");
    expect(created).toMatchObject({ code: 0 });
    const { id, state } = JSON.parse(created.out) as { id: string; state: string };
    expect(state).toBe("RUNNING");
    expect(created.err).toContain(`https://console.cloud.google.com/dataflow/jobs/europe-west1/${id}`);

    expect((await submit("--status", ...place)).out).toBe(
      `freshet ${id} is RUNNING, created 2026-01-01T00:00:01.000Z\n`,
    );
    const updated = await submit(...targetOptions, "--max-workers", "9", "--update");
    expect(updated).toMatchObject({ code: 0 });
    expect(google.jobs.all[1]?.body).toMatchObject({ replaceJobId: id });
    google.jobs.get(id); // it is UPDATED now

    const drained = await submit("--drain", ...place);
    expect(drained).toMatchObject({ code: 0, out: `${google.jobs.all[1]?.id} DRAINED\n` });
  });

  it("says what is wrong in one line on stderr, with exit code 1", async () => {
    const { google, submit } = await stage();
    google.script = () =>
      protoError(403, "PERMISSION_DENIED", "Dataflow API has not been used in project 1 before.", {
        reason: "SERVICE_DISABLED",
        metadata: { service: "dataflow.googleapis.com" },
      });
    expect(await submit(...targetOptions)).toEqual({
      code: 1,
      out: "",
      err:
        "freshet: could not list the jobs named freshet: Dataflow API has not been used in project 1 before. " +
        "Run `gcloud services enable dataflow.googleapis.com --project my-project`\n",
    });
  });

  it.each([
    ["two endings", ["--drain", "--cancel"]],
    ["an update that ends", ["--update", "--drain"]],
    ["a mapping without =", ["--transform-name-mapping", "a"]],
    ["an unknown runner", ["--runner", "spark"]],
    ["an option of Flink", ["--stop"]],
    ["an option of Dataflow for Flink", ["--runner", "flink", "--drain"]],
  ])("refuses %s with exit code 2", async (_what, args) => {
    expect(await freshet(["submit", ...place, ...args])).toMatchObject({ code: 2, out: "" });
  });
});
