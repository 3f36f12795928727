import { beforeEach, describe, expect, it } from "vitest";
import { endJob, statusOf } from "../../../infra/dataflow/end.ts";
import { FakeGoogle } from "../../support/google/server.ts";

/* Ending and looking at a job, through Google's own client to a stand-in on loopback. */
const ref = { project: "my-project", region: "europe-west1", jobName: "freshet" };
let google: FakeGoogle;
let states: string[];
beforeEach(async () => {
  google = await FakeGoogle.start();
  states = [];
});

const urls = () => ({ dataflow: google.url });
const waiting = () => ({
  signal: AbortSignal.timeout(60_000),
  pollMs: 1,
  onState: (state: string) => states.push(state),
});
const run = () => {
  google.jobs.create({ name: "freshet", clientRequestId: String(google.jobs.all.length) });
  const job = google.jobs.all.at(-1) ?? { id: "" };
  google.jobs.get(job.id);
  return job.id;
};
const asked = () => google.requests.filter(({ method }) => method === "PUT").length;

describe("ending a job", () => {
  it.each([
    ["drain", "DRAINED"],
    ["cancel", "CANCELLED"],
  ] as const)("%s waits until it is %s", async (how, state) => {
    const id = run();
    expect(await endJob(ref, how, urls(), waiting())).toMatchObject({ id, state });
  });

  it("that drains already is waited for, not asked again; it can still be cancelled", async () => {
    const id = run();
    google.jobs.update(id, { requestedState: "JOB_STATE_DRAINED" });
    await endJob(ref, "drain", urls(), waiting());
    expect(asked()).toBe(0);
    const other = run();
    google.jobs.update(other, { requestedState: "JOB_STATE_DRAINED" });
    expect(await endJob(ref, "cancel", urls(), waiting())).toMatchObject({ id: other, state: "CANCELLED" });
    expect(asked()).toBe(1);
  });

  it("that doesn't run says where it looked", async () => {
    await expect(endJob(ref, "drain", urls(), waiting())).rejects.toMatchObject({
      code: "no_running_job",
      message: expect.stringContaining("named freshet in europe-west1 of my-project") as string,
    });
  });
});

describe("the status", () => {
  it("is the newest job's, with what Dataflow reported, even when it has ended", async () => {
    run();
    await endJob(ref, "cancel", urls(), waiting());
    google.jobs.fate = { path: ["FAILED"], messages: ["out of memory"] };
    const id = run();
    expect(await statusOf(ref, urls())).toMatchObject({ id, state: "FAILED", errors: ["out of memory"] });
  });

  it("of a name that never ran says so", async () => {
    await expect(statusOf(ref, urls())).rejects.toMatchObject({ code: "no_running_job" });
  });
});
