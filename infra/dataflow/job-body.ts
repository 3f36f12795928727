import type { EnvironmentOutline } from "../../pipeline/beam/outline.ts";
import type { DataflowTarget } from "./target.ts";

/** A job as Dataflow's REST API writes it: proto3 JSON of `google.dataflow.v1beta3.Job`. */
export interface JobBody {
  readonly name: string;
  readonly [field: string]: JsonValue;
}
type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What the body says of the graph. */
export interface StagedGraph {
  /** `gs://…/pipeline.pb`. */
  readonly url: string;
  /** SHA-256 of its bytes, in hex. */
  readonly hash: string;
  readonly environments: readonly EnvironmentOutline[];
  /** `gs://…/template.json`, where the body will be stored. */
  readonly templateUrl?: string;
}

/** Runner v2 and Streaming Engine; one container a core, since a worker runs on one thread. */
const EXPERIMENTS: readonly string[] = [
  "beam_fn_api",
  "use_unified_worker",
  "use_runner_v2",
  "use_portable_job_submission",
  "use_multiple_sdk_containers",
  "enable_streaming_engine",
  "enable_windmill_service",
];

/** Who made the graph: the version of apache-beam that this project builds graphs with. */
export const SDK = { name: "Apache Beam TypeScript SDK", version: "2.49.0" } as const;

const SERVICE = "https://dataflow.googleapis.com";

/**
 * The body of a job that runs a staged graph. Every field is one that Beam's own submitters send.
 * @param labels those of the job
 * @see https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.jobs
 */
export function jobBody(
  target: DataflowTarget,
  graph: StagedGraph,
  labels: Readonly<Record<string, string>>,
): JobBody {
  const { kmsKey, bucket } = target;
  const experiments = [...EXPERIMENTS, ...(target.experiments ?? [])];
  return {
    name: target.jobName,
    type: "JOB_TYPE_STREAMING",
    labels,
    environment: {
      tempStoragePrefix: `storage.googleapis.com/${bucket}/tmp`,
      clusterManagerApiService: "compute.googleapis.com",
      dataset: "bigquery.googleapis.com/cloud_dataflow",
      experiments,
      userAgent: SDK,
      version: { job_type: "FNAPI_STREAMING", major: "8" },
      serviceAccountEmail: target.serviceAccount,
      ...(kmsKey !== undefined && { serviceKmsKeyName: kmsKey }),
      workerPools: [workerPool(target, graph.environments)],
      sdkPipelineOptions: {
        options: pipelineOptions(target, graph, experiments),
        display_data: displayData(target),
      },
    },
  };
}

function workerPool(target: DataflowTarget, environments: readonly EnvironmentOutline[]): JsonValue {
  const { numWorkers, diskSizeGb, subnetwork } = target;
  return {
    kind: "harness",
    packages: [], // the image holds everything
    machineType: target.machineType,
    ...(numWorkers !== undefined && { numWorkers }),
    ...(diskSizeGb !== undefined && { diskSizeGb }),
    ...(subnetwork !== undefined && { subnetwork }),
    ipConfiguration: target.publicIps ? "WORKER_IP_PUBLIC" : "WORKER_IP_PRIVATE",
    autoscalingSettings: { algorithm: "AUTOSCALING_ALGORITHM_BASIC", maxNumWorkers: target.maxWorkers },
    dataDisks: [{}],
    taskrunnerSettings: { parallelWorkerSettings: { baseUrl: SERVICE, servicePath: SERVICE } },
    workerHarnessContainerImage: target.image,
    sdkHarnessContainerImages: environments.map(({ id, image, capabilities }) => ({
      containerImage: image,
      environmentId: id,
      capabilities,
      useSingleCorePerContainer: !capabilities.includes("beam:protocol:multi_core_bundle_processing:v1"),
    })),
  };
}

/**
 * The options as Beam names them. Five stand there in camelCase too: from these a job that is launched from a template
 * is read back by what launched it.
 */
function pipelineOptions(
  target: DataflowTarget,
  graph: StagedGraph,
  experiments: readonly string[],
): JsonValue {
  const { subnetwork, kmsKey, bucket, numWorkers, diskSizeGb } = target;
  return {
    pipelineUrl: graph.url,
    pipelineProtoHash: graph.hash,
    project: target.project,
    region: target.region,
    job_name: target.jobName,
    streaming: true,
    enable_streaming_engine: true,
    experiments,
    temp_location: `gs://${bucket}/tmp`,
    staging_location: `gs://${bucket}/pipelines`,
    sdk_container_image: target.image,
    machine_type: target.machineType,
    max_num_workers: target.maxWorkers,
    ...(numWorkers !== undefined && { num_workers: numWorkers }),
    ...(diskSizeGb !== undefined && { disk_size_gb: diskSizeGb }),
    autoscaling_algorithm: "THROUGHPUT_BASED",
    service_account_email: target.serviceAccount,
    use_public_ips: target.publicIps ?? false,
    ...(subnetwork !== undefined && { subnetwork }),
    ...(kmsKey !== undefined && { dataflow_kms_key: kmsKey }),
    ...(graph.templateUrl !== undefined && { templateLocation: graph.templateUrl }),
    tempLocation: `gs://${bucket}/tmp`,
    machineType: target.machineType,
    network: "",
    serviceAccountEmail: target.serviceAccount,
  };
}

/** What the console shows of the job's options. */
function displayData(target: DataflowTarget): JsonValue {
  const entry = (key: string, value: string, type = "STRING") => ({ namespace: "freshet", key, type, value });
  return [
    entry("image", target.image),
    entry("bigtable_instance", target.instance),
    entry("bigquery_dataset", target.dataset),
    entry("generation", String(target.generation)),
  ];
}
