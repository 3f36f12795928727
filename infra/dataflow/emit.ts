import { createHash } from "node:crypto";
import type { Registry } from "../../pipeline/define/index.ts";
import { buildGraph } from "../../pipeline/beam/build.ts";
import { outlineOf } from "../../pipeline/beam/outline.ts";
import { layoutOf } from "../../pipeline/core/view-layout.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { checkTarget } from "./check-target.ts";
import { type JobBody, jobBody } from "./job-body.ts";
import type { DataflowTarget } from "./target.ts";

export type { DataflowTarget } from "./target.ts";

/** A job ready to submit. Definitions and target decide every byte. */
export interface EmittedJob {
  /** SHA-256 of everything that follows, in hex: another hash is another job. */
  readonly hash: string;
  /** The graph: a serialised `org.apache.beam.model.pipeline.v1.Pipeline`. */
  readonly pipelineProto: Uint8Array;
  /** Where in the bucket the graph goes; the name tells its content. */
  readonly pipelineObject: string;
  /** The body of `jobs.create`, and, stored in the bucket, a classic template. */
  readonly job: JobBody;
  /** Where in the bucket the template goes; the name tells its content. */
  readonly templateObject: string;
}

/** The label that tells which emitted job runs: the start of its hash. */
export const HASH_LABEL = "freshet_job";

/** How much of a hash a label holds. */
export function shortHash(hash: string): string {
  return hash.slice(0, 32);
}

/**
 * Builds the graph for Dataflow and the body of the job that runs it.
 * @throws DataflowError for a target that can't work
 */
export async function emitJob(registry: Registry, target: DataflowTarget): Promise<EmittedJob> {
  checkTarget(target);
  const pipelineProto = await graphBytes(registry, target);
  const graphHash = sha256(pipelineProto);
  const pipelineObject = `pipelines/${graphHash}/pipeline.pb`;
  const graph = {
    url: `gs://${target.bucket}/${pipelineObject}`,
    hash: graphHash,
    environments: outlineOf(pipelineProto).environments,
  };
  const labels = {
    ...target.labels,
    freshet_generation: String(target.generation),
    freshet_definitions: definitionsRevision(registry),
  };
  // The hash can't be part of what it is taken of.
  const hash = sha256(JSON.stringify(jobBody(target, graph, labels)));
  const templateObject = `templates/${hash}/template.json`;
  const job = jobBody(
    target,
    { ...graph, templateUrl: `gs://${target.bucket}/${templateObject}` },
    { ...labels, [HASH_LABEL]: shortHash(hash) },
  );
  return { hash, pipelineProto, pipelineObject, job, templateObject };
}

/** Short name of what the views are: the same wherever they run, another with each version, feature or size. */
function definitionsRevision({ plans }: Registry): string {
  const views = plans.map((plan) => ({ name: plan.name, version: plan.version, ...layoutOf(plan) }));
  return sha256(JSON.stringify(views)).slice(0, 16);
}

async function graphBytes(registry: Registry, target: DataflowTarget): Promise<Uint8Array> {
  const { project, generation, instance, appProfile, dataset } = target;
  const endpoints: StoreEndpoints = {
    project,
    generation,
    bigtable: { instance, ...(appProfile !== undefined && { appProfile }) },
    bigquery: { dataset },
    pubsub: {},
  };
  const sources = Object.fromEntries(
    registry.events.map(({ name }) => [
      name,
      {
        kind: "pubsub-native" as const,
        subscription: `projects/${project}/subscriptions/${topicsOf(name).subscription}`,
      },
    ]),
  );
  const graph = await buildGraph({ registry, sources, sinks: { kind: "stores", endpoints } });
  return graph.toBytes({ kind: "docker", image: target.image });
}

function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
