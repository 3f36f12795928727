import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { Registry } from "../pipeline/define/index.ts";
import { Alerts } from "./components/alerts.ts";
import { Images } from "./components/images.ts";
import { PipelineJob } from "./components/pipeline-job.ts";
import { Staging } from "./components/staging.ts";
import type { StackConfig } from "./config.ts";
import { type DataflowTarget, emitJob } from "./dataflow/emit.ts";
import { foundation } from "./foundation.ts";
import { type Names, namesOf } from "./names.ts";
import { stores } from "./stores.ts";

/** What a stack tells of itself when it is up. */
export interface Deployment {
  /** What the name of an image of workers starts with. */
  readonly imagePath: string;
  readonly bucket: string;
  readonly instance: string;
  readonly appProfile: string;
  readonly dataset: string;
  readonly workerServiceAccount: string;
  /** Dataflow's id of the job, or what to do to get one. */
  readonly job: pulumi.Input<string>;
}

/** What a stack is made of. */
export interface DeployOptions {
  readonly registry: Registry;
  readonly config: StackConfig;
  /** A folder for the job's graph, which Pulumi uploads from a file. */
  readonly workDir: string;
}

/**
 * Declares everything that a set of feature views needs on Google Cloud, and the job. Names, columns, families and
 * retention follow from the definitions; sizes from the configuration.
 * @throws DataflowError, TooManyFamiliesError, StoreConfigError
 */
export async function deploy({ registry, config, workDir }: DeployOptions): Promise<Deployment> {
  const { project, image, alertEmail } = config;
  const names = namesOf(config);
  const target = image === undefined ? undefined : targetOf({ ...config, image }, names);
  const emitted = target && (await emitJob(registry, target));

  const base = foundation(config, names);
  const { placement, ready } = base;
  const placed = { dependsOn: [...ready] };
  const images = new Images("images", { ...placement, repository: names.repository }, placed);
  const staging = new Staging("staging", { ...placement, bucket: names.bucket }, placed);
  const kept = stores(registry, config, names, base);
  if (alertEmail !== undefined) {
    const events = registry.events.map(({ name }) => name);
    const { labels } = placement;
    new Alerts("alerts", { project, to: alertEmail, job: names.job, events, labels }, placed);
  }

  const outputs = {
    imagePath: names.imagePath,
    bucket: names.bucket,
    instance: names.instance,
    appProfile: names.appProfile,
    dataset: names.dataset,
    workerServiceAccount: names.workerEmail,
  };
  if (target === undefined || emitted === undefined) {
    return { ...outputs, job: `none yet: push an image to ${names.imagePath}, set freshet:image, pulumi up` };
  }
  const graphFile = path.join(workDir, emitted.pipelineObject);
  mkdirSync(path.dirname(graphFile), { recursive: true });
  writeFileSync(graphFile, emitted.pipelineProto);
  const job = new PipelineJob(
    "pipeline",
    { target, emitted, graphFile, labels: placement.labels },
    // A job that starts before its roles, tables or subscriptions are there fails.
    { dependsOn: [...ready, ...base.forWorkers, images, staging, ...kept] },
  );
  return { ...outputs, job: job.jobId };
}

/** Where the job runs: values that are known before anything is there. */
function targetOf(config: StackConfig & { readonly image: string }, names: Names): DataflowTarget {
  return {
    project: config.project,
    region: config.region,
    bucket: names.bucket,
    image: config.image,
    jobName: names.job,
    serviceAccount: names.workerEmail,
    machineType: config.machineType,
    maxWorkers: config.maxWorkers,
    subnetwork: names.subnetwork,
    ...(names.kmsKey !== undefined && { kmsKey: names.kmsKey }),
    instance: names.instance,
    appProfile: names.appProfile,
    dataset: names.dataset,
    generation: config.generation,
  };
}
