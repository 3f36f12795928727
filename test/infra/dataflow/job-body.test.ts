import { readFileSync } from "node:fs";
import { protos } from "@google-cloud/dataflow";
import { type JSONValue, toProto3JSON } from "proto3-json-serializer";
import { beforeAll, describe, expect, it } from "vitest";
import { emitJob, type EmittedJob } from "../../../infra/dataflow/emit.ts";
import { SDK } from "../../../infra/dataflow/job-body.ts";
import { jobMessage, jobType, optionsOf } from "../../../infra/dataflow/job-proto.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { target } from "../../support/dataflow-target.ts";

/*
 * The body of a job against what can be held beside it here: the client's own description of a job, and the body that
 * Beam's Python submitter (2.77) sent to a stand-in for a streaming graph with the same options. Whether Dataflow takes
 * it, only Dataflow can say.
 */
let emitted: EmittedJob;
beforeAll(async () => {
  emitted = await emitJob(features, target);
});

describe("the job's body", () => {
  it("is a google.dataflow.v1beta3.Job: nothing in it is lost on the way through the client", () => {
    const message = jobMessage(emitted.job);
    expect(protos.google.dataflow.v1beta3.Job.verify(message)).toBeNull();
    const again = toProto3JSON(jobType.fromObject(message)) as Record<string, JSONValue>;
    expect(leaves(again)).toEqual(leaves(emitted.job as Record<string, JSONValue>));
    expect(optionsOf(message)).toMatchObject({
      pipelineUrl: `gs://${target.bucket}/${emitted.pipelineObject}`,
      streaming: true,
      max_num_workers: 5,
    });
  });

  it("names the version of apache-beam that is installed", () => {
    const file = new URL("../../../node_modules/apache-beam/package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    expect(SDK.version).toBe(version);
  });

  it("runs one container of the image a core, with what the worker can do", () => {
    const { environment } = emitted.job as unknown as {
      environment: { workerPools: { sdkHarnessContainerImages: Record<string, unknown>[] }[] };
    };
    const [image, ...others] = environment.workerPools[0]?.sdkHarnessContainerImages ?? [];
    expect(others).toEqual([]);
    expect(image).toMatchObject({ containerImage: target.image, useSingleCorePerContainer: true });
    expect(image?.["capabilities"]).toContain("beam:coder:timer:v1");
  });

  it("has workers without public addresses, in the subnetwork, with the keys and labels that are asked for", async () => {
    const kmsKey = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";
    const { job } = await emitJob(features, { ...target, kmsKey, labels: { team: "fraud" }, numWorkers: 2 });
    expect(job).toMatchObject({
      labels: { team: "fraud", freshet_generation: "0" },
      environment: {
        serviceKmsKeyName: kmsKey,
        workerPools: [{ ipConfiguration: "WORKER_IP_PRIVATE", subnetwork: target.subnetwork, numWorkers: 2 }],
      },
    });
  });
});

describe("beside the body of Beam's Python submitter", () => {
  const file = new URL("python-submitter-job.json", import.meta.url);
  const theirs = JSON.parse(readFileSync(file, "utf8")) as Record<string, JSONValue>;

  it("every field of theirs is in ours, or isn't for a reason", () => {
    const ours = new Set(leaves(emitted.job as Record<string, JSONValue>).map(pathOf));
    const missing = [...new Set(leaves(theirs).map(pathOf))].filter((path) => !ours.has(path));
    const unexplained = missing.filter((path) => !WITHOUT.some(([prefix]) => path.startsWith(prefix)));
    expect(unexplained).toEqual([]);
  });

  it("no reason stands for a field that we have, or that they have not", () => {
    const ours = leaves(emitted.job as Record<string, JSONValue>).map(pathOf);
    const paths = leaves(theirs).map(pathOf);
    const stale = WITHOUT.filter(
      ([prefix]) =>
        !paths.some((path) => path.startsWith(prefix)) || ours.some((path) => path.startsWith(prefix)),
    );
    expect(stale).toEqual([]);
  });

  it("what is the same for every streaming job of Runner v2 is the same", () => {
    const same = ["version", "dataset", "clusterManagerApiService"];
    const environmentOf = (job: object) => (job as { environment: Record<string, unknown> }).environment;
    for (const field of same) expect(environmentOf(emitted.job)[field]).toEqual(environmentOf(theirs)[field]);
    const [ours, captured] = [emitted.job, theirs].map(
      (job) => environmentOf(job)["experiments"] as string[],
    );
    // Ours starts one process a container; theirs could start several.
    expect(new Set(ours)).toEqual(new Set(captured?.filter((name) => name !== "use_sibling_sdk_workers")));
  });
});

const OPTIONS = "environment.sdkPipelineOptions.options.";

/** Fields that Beam's submitter sends and we don't. */
const WITHOUT: readonly (readonly [prefix: string, reason: string])[] = [
  ["clientRequestId", "added at submission: a template that held one could be launched once only"],
  ["environment.workerPools[].packages[].", "the image holds everything: nothing is staged"],
  ...[
    // Python's workers: how they type-check, pickle, profile, and are found.
    "allow_non_deterministic_key_coders",
    "allow_unsafe_triggers",
    "auto_unique_labels",
    "beam_plugins[]",
    "beam_services.",
    "disable_beartype",
    "exclude_infer_dataclass_field_type",
    "force_cloudpickle_deterministic_coders",
    "performance_runtime_type_check",
    "pickle_library",
    "pipeline_type_check",
    "profile_",
    "profiler_",
    "requirements_cache_only_sources",
    "runtime_type_check",
    "sdk_location",
    "sdk_worker_parallelism",
    "type_check_additional",
    "type_check_strictness",
    "use_transform_service",
    "enable_artifact_caching",
    "environment_cache_millis",
    "max_cache_memory_usage_mb",
    // Other runners and services than Dataflow.
    "artifact_port",
    "bootstrap_servers",
    "direct_",
    "expansion_port",
    "flink_",
    "hdfs_full_urls",
    "job_port",
    "job_server_",
    "max_parallelism",
    "parallelism",
    "prism_",
    "s3_disable_ssl",
    "spark_",
    // Python's own client of Cloud Storage.
    "enable_bucket_",
    "enable_gcsio_",
    "no_gcsio_",
    "gcp_oauth_scopes[]",
    // Switches at their default, and what the submitter alone reads.
    "dry_run",
    "enable_hot_key_logging",
    "no_wait_until_finish",
    "update",
  ].map((name) => [`${OPTIONS}${name}`, "Python's, or another runner's"] as const),
];

type Leaf = readonly [path: string, value: string];

/** Every value of a document with its path; places in lists don't count. Empty lists and structures are none. */
function leaves(value: JSONValue, path = ""): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, `${path}[]`)).sort();
  if (value === null || typeof value !== "object") return [[path, JSON.stringify(value)]];
  return Object.entries(value)
    .flatMap(([key, item]) => leaves(item, path === "" ? key : `${path}.${key}`))
    .sort();
}

function pathOf([path]: Leaf): string {
  return path;
}
