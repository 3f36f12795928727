import { beforeEach, describe, expect, it } from "vitest";
import { emitJob } from "../../../infra/dataflow/emit.ts";
import { DataflowError } from "../../../infra/dataflow/errors.ts";
import { type SubmitOptions, submitJob } from "../../../infra/dataflow/submit.ts";
import { checkJob } from "../../../infra/dataflow/update.ts";
import { defineRegistry, type Registry } from "../../../pipeline/define/index.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { itemActivity } from "../../../pipeline/features/item-activity.ts";
import { DIGEST, target } from "../../support/dataflow-target.ts";
import { protoError, type Reply } from "../../support/google/replies.ts";
import { FakeGoogle } from "../../support/google/server.ts";

/*
 * Submission through Google's own clients to a stand-in on loopback. It proves what is sent, what is done about each
 * answer, and that asking again converges; not that Dataflow takes the job, nor what it says when it doesn't: the
 * errors are those that its documentation shows.
 */
let google: FakeGoogle;
let steps: string[];
beforeEach(async () => {
  google = await FakeGoogle.start();
  google.storage.buckets.add(target.bucket);
  google.images.add(DIGEST);
  steps = [];
});

function options(update?: SubmitOptions["update"]): SubmitOptions {
  const { url } = google;
  return {
    urls: { dataflow: url, storage: url, registry: url },
    waiting: {
      signal: AbortSignal.timeout(60_000),
      pollMs: 1,
      onState: (state) => steps.push(state),
    },
    onStep: (step) => steps.push(step),
    ...(update && { update }),
  };
}

const submit = (registry: Registry = features, changes: Partial<typeof target> = {}) =>
  submitJob(registry, { ...target, ...changes }, options());
const update = (changes: Partial<NonNullable<SubmitOptions["update"]>> = {}, registry: Registry = features) =>
  submitJob(registry, { ...target, maxWorkers: 9 }, options({ mapping: {}, unchecked: false, ...changes }));

/** The DataflowError that something comes to. */
async function refusal(submitting: Promise<unknown>): Promise<DataflowError> {
  const error = await submitting.then(
    () => new Error("it was submitted"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DataflowError) return error;
  throw error;
}

describe("submitting", () => {
  it("stores the graph, creates the job that was emitted, and waits until it runs", async () => {
    const { pipelineProto, pipelineObject, job } = await emitJob(features, target);
    const running = await submit();
    expect(running).toMatchObject({ name: "freshet", state: "RUNNING" });
    expect(google.storage.objects.get(`${target.bucket}/${pipelineObject}`)).toEqual(pipelineProto);
    const [sent] = google.jobs.all;
    expect(sent?.body).toMatchObject({ name: "freshet", labels: job["labels"] });
    expect(sent?.body).not.toHaveProperty("replaceJobId");
    expect(steps.slice(1)).toEqual([expect.stringContaining(running.id), "PENDING", "RUNNING"]);
  });

  it("again changes nothing while it runs", async () => {
    const first = await submit();
    const again = await submit();
    expect(again.id).toBe(first.id);
    expect(google.jobs.all).toHaveLength(1);
  });

  it("after an answer that was lost finds the job that it made", async () => {
    google.script = ({ method, path }) => {
      if (method !== "POST" || !path.endsWith("/jobs")) return undefined;
      google.script = () => undefined;
      google.answer(google.requests.at(-1) ?? never()); // the job is made, and nobody hears of it
      return protoError(503, "UNAVAILABLE", "The service is currently unavailable.");
    };
    expect(await refusal(submit())).toMatchObject({ code: "unreachable" });
    await submit();
    expect(google.jobs.all).toHaveLength(1);
  });

  it("the same job after a drain makes a new one: its request id isn't the drained one's", async () => {
    const { id } = await submit();
    google.jobs.update(id, { requestedState: "JOB_STATE_DRAINED" });
    google.jobs.get(id);
    const next = await submit();
    expect(next.id).not.toBe(id);
    const ids = google.jobs.all.map(({ body }) => body["clientRequestId"]);
    expect(new Set(ids).size).toBe(2);
  });

  it("under the name of another running job says what can be done, and does nothing", async () => {
    const { id } = await submit(defineRegistry([itemActivity]));
    const objects = google.storage.objects.size;
    const { code, message } = await refusal(submit());
    expect(code).toBe("name_taken");
    expect(message).toContain(id);
    expect(message).toContain("--update");
    expect([google.jobs.all.length, google.storage.objects.size]).toEqual([1, objects]);
  });

  it("while the same job drains says to wait for that", async () => {
    const { id } = await submit();
    google.jobs.update(id, { requestedState: "JOB_STATE_DRAINED" });
    expect(await refusal(submit())).toMatchObject({ code: "job_busy", fields: { state: "DRAINING" } });
  });

  it("to a name that another submission takes meanwhile says so", async () => {
    google.script = ({ method, path }) =>
      method === "POST" && path.endsWith("/jobs")
        ? protoError(409, "ALREADY_EXISTS", "There is already an active job named freshet")
        : undefined;
    expect(await refusal(submit())).toMatchObject({ code: "name_taken" });
  });

  it("gives up waiting in time, and says that the job goes on", async () => {
    google.jobs.fate = { path: Array<string>(10_000).fill("PENDING") };
    const base = options();
    const waiting = { ...base.waiting, signal: AbortSignal.timeout(200), pollMs: 10 };
    const { code, message } = await refusal(submitJob(features, target, { ...base, waiting }));
    expect(code).toBe("not_in_time");
    expect(message).toContain("--status");
  });
});

describe("updating in place", () => {
  it("compares the graphs, and creates a job that takes over from the running one", async () => {
    const { id } = await submit();
    const next = await update({ mapping: { "heartbeat/write": "heartbeat/write" } });
    expect(google.jobs.all[1]?.body).toMatchObject({
      replaceJobId: id,
      transformNameMapping: { "heartbeat/write": "heartbeat/write" },
    });
    expect(next.state).toBe("RUNNING");
    expect(steps).toContainEqual(expect.stringContaining("compatible with the running graph"));
  });

  it("again changes nothing", async () => {
    await submit();
    const next = await update();
    google.jobs.get(google.jobs.all[0]?.id ?? "");
    expect((await update()).id).toBe(next.id);
    expect(google.jobs.all).toHaveLength(2);
  });

  it("tells what would break by its name, and creates nothing", async () => {
    await submit();
    const { code, message } = await refusal(update({}, defineRegistry([itemActivity])));
    expect(code).toBe("incompatible_update");
    expect(message).toContain("user_purchases.v1/windows: its state and timers would be lost");
    expect(message).toContain("--transform-name-mapping");
    expect(google.jobs.all).toHaveLength(1);
  });

  it("unchecked leaves it to Dataflow", async () => {
    await submit();
    const next = await update({ unchecked: true }, defineRegistry([itemActivity]));
    expect(next.state).toBe("RUNNING");
  });

  it("needs the running job's graph", async () => {
    await submit();
    google.storage.objects.clear();
    expect(await refusal(update())).toMatchObject({ code: "graph_missing" });
  });

  it("needs a running job", async () => {
    expect(await refusal(update())).toMatchObject({ code: "no_running_job" });
    const { id } = await submit();
    google.jobs.update(id, { requestedState: "JOB_STATE_DRAINED" });
    expect(await refusal(update())).toMatchObject({ code: "job_busy" });
  });

  it("that fails says why, and the old job's state is not ours to touch", async () => {
    const { id } = await submit();
    google.jobs.fate = {
      path: ["PENDING", "FAILED"],
      messages: ["Workflow failed. Causes: The new job is not compatible with " + id],
    };
    const { code, message } = await refusal(update());
    expect(code).toBe("job_failed");
    expect(message).toContain("is not compatible with");
  });
});

describe("checking alone", () => {
  const check = (registry: Registry) => checkJob(registry, target, {}, options().urls);

  it("tells what would break, or begin anew, and changes nothing", async () => {
    await submit(defineRegistry([itemActivity]));
    const before = [google.jobs.all.length, google.storage.objects.size];
    const checked = await check(features);
    expect(checked?.added).toContain("user_purchases.v1/windows");
    expect([google.jobs.all.length, google.storage.objects.size]).toEqual(before);
    google.jobs.all.length = 0;
    await submit();
    expect((await refusal(check(defineRegistry([itemActivity])))).code).toBe("incompatible_update");
  });

  it("finds nothing to keep where no job runs", async () => {
    expect(await check(features)).toBeUndefined();
  });
});

describe("a job that fails", () => {
  it.each([
    [
      "an image",
      "Error response from daemon: manifest unknown: failed to pull image",
      "roles/artifactregistry.reader",
    ],
    [
      "a quota",
      "Startup of the worker pool failed: QUOTA_EXCEEDED: CPUS 8.0",
      "gcloud compute regions describe europe-west1",
    ],
    ["a role", "account is missing dataflow.workItems.lease", "roles/dataflow.worker"],
    ["a network", "Subnetwork 'x' is not accessible", "Private Google Access"],
  ])("for want of %s says what to do", async (_what, said, advice) => {
    google.jobs.fate = { path: ["PENDING", "FAILED"], messages: [said] };
    const { code, message } = await refusal(submit());
    expect(code).toBe("job_failed");
    expect(message).toContain(said);
    expect(message).toContain(advice);
  });
});

const DISABLED = { reason: "SERVICE_DISABLED", metadata: { service: "dataflow.googleapis.com" } };
const DENIED = { reason: "IAM_PERMISSION_DENIED", metadata: { permission: "dataflow.jobs.create" } };
const ACT_AS = "Current user cannot act as service account freshet-worker@my-project.iam.gserviceaccount.com";

describe("what Google refuses", () => {
  const creates = (path: string) => path.endsWith("/jobs");
  const stores = (path: string) => path.startsWith("/upload/");
  it.each<[string, (path: string) => boolean, Reply, string, string]>([
    [
      "an API that is off",
      creates,
      protoError(403, "PERMISSION_DENIED", "Dataflow API has not been used", DISABLED),
      "api_not_enabled",
      "gcloud services enable dataflow.googleapis.com --project my-project",
    ],
    [
      "a role that is missing",
      creates,
      protoError(403, "PERMISSION_DENIED", "Permission denied", DENIED),
      "permission_denied",
      "--role roles/dataflow.developer",
    ],
    [
      "to act as the workers",
      creates,
      protoError(403, "PERMISSION_DENIED", ACT_AS),
      "permission_denied",
      `add-iam-policy-binding ${target.serviceAccount}`,
    ],
    [
      "a quota that is used up",
      creates,
      protoError(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric"),
      "quota_exceeded",
      "Lower --max-workers",
    ],
    [
      "a project without billing",
      creates,
      protoError(403, "PERMISSION_DENIED", "billing", { reason: "BILLING_DISABLED" }),
      "billing_disabled",
      "gcloud billing projects link",
    ],
    [
      "the body",
      creates,
      protoError(400, "INVALID_ARGUMENT", "The workflow could not be created: bad machine type"),
      "job_refused",
      "bad machine type",
    ],
    [
      "credentials",
      creates,
      protoError(401, "UNAUTHENTICATED", "Request had invalid authentication"),
      "no_credentials",
      "gcloud auth application-default login",
    ],
    [
      "to write to the bucket",
      stores,
      protoError(403, "PERMISSION_DENIED", "does not have storage.objects.create access"),
      "permission_denied",
      `gs://${target.bucket} --member user:YOU --role roles/storage.objectAdmin`,
    ],
  ])("%s is said with what to run", async (_what, where, reply, code, advice) => {
    google.script = ({ path, method }) => (method === "POST" && where(path) ? reply : undefined);
    const error = await refusal(submit());
    expect(error.code).toBe(code);
    expect(error.message).toContain(advice);
  });

  it("a bucket that isn't there", async () => {
    google.storage.buckets.clear();
    const { code, message } = await refusal(submit());
    expect(code).toBe("bucket_missing");
    expect(message).toContain(`gcloud storage buckets create gs://${target.bucket}`);
  });

  it("an image that was never pushed", async () => {
    google.images.clear();
    const { code, message } = await refusal(submit());
    expect(code).toBe("image_not_found");
    expect(message).toContain("docker push");
    expect(google.jobs.all).toEqual([]);
  });

  it("nothing at all where nobody answers", async () => {
    const base = options();
    const urls = { ...base.urls, dataflow: "http://127.0.0.1:1" };
    expect(await refusal(submitJob(features, target, { ...base, urls }))).toMatchObject({
      code: "unreachable",
    });
  });
});

function never(): never {
  throw new Error("no request");
}
