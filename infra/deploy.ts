import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { Registry } from "../pipeline/define/index.ts";
import { Alerts } from "./components/alerts.ts";
import { Dashboard } from "./components/dashboard.ts";
import { FeatureServer } from "./components/feature-server.ts";
import { Images } from "./components/images.ts";
import { PipelineJob } from "./components/pipeline-job.ts";
import { Staging } from "./components/staging.ts";
import type { StackConfig } from "./config.ts";
import { type DataflowTarget, emitJob } from "./dataflow/emit.ts";
import { foundation, type Foundation } from "./foundation.ts";
import { layoutsOf } from "./layout-guard.ts";
import { type Names, namesOf } from "./names.ts";
import { serverContainer } from "./server-container.ts";
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
  /** Where the feature server answers, or what to do to get one. */
  readonly serverUrl: pulumi.Input<string>;
}

/** What a stack is made of. */
export interface DeployOptions {
  readonly registry: Registry;
  readonly config: StackConfig;
  /** A folder for the job's graph, which Pulumi uploads from a file. */
  readonly workDir: string;
  /** Whether Pulumi's engine runs the program, and not its mocks, which know no hooks. @default true */
  readonly hasEngine?: boolean;
}

/**
 * Declares everything that a set of feature views needs on Google Cloud, and the job. Names, columns, families and
 * retention follow from the definitions; sizes from the configuration.
 * @throws DataflowError, TooManyFamiliesError, StoreConfigError
 */
export async function deploy({
  registry,
  config,
  workDir,
  hasEngine = true,
}: DeployOptions): Promise<Deployment> {
  const { image } = config;
  const names = namesOf(config);
  const target = image === undefined ? undefined : targetOf({ ...config, image }, names);
  const emitted = target && (await emitJob(registry, target));

  const base = foundation(config, names);
  const { placement, ready } = base;
  const placed = { dependsOn: [...ready] };
  const images = new Images("images", { ...placement, repository: names.repository }, placed);
  const staging = new Staging("staging", { ...placement, bucket: names.bucket }, placed);
  const kept = stores(registry, config, names, base);
  const server = featureServer(config, names, base, [...ready, images, ...kept]);
  watch(registry, config, names, placement.labels, { dependsOn: [...ready, ...(server ? [server] : [])] });

  const outputs = {
    imagePath: names.imagePath,
    bucket: names.bucket,
    instance: names.instance,
    appProfile: names.appProfile,
    dataset: names.dataset,
    workerServiceAccount: names.workerEmail,
    serverUrl:
      server?.url ?? `none yet: push an image to ${names.imagePath}, set freshet:serverImage, pulumi up`,
  };
  if (target === undefined || emitted === undefined) {
    return { ...outputs, job: `none yet: push an image to ${names.imagePath}, set freshet:image, pulumi up` };
  }
  const graphFile = path.join(workDir, emitted.pipelineObject);
  mkdirSync(path.dirname(graphFile), { recursive: true });
  writeFileSync(graphFile, emitted.pipelineProto);
  const job = new PipelineJob(
    "pipeline",
    { target, emitted, graphFile, layouts: layoutsOf(registry.plans), hasEngine, labels: placement.labels },
    // A job that starts before its roles, tables or subscriptions are there fails.
    { dependsOn: [...ready, ...base.forWorkers, images, staging, ...kept] },
  );
  return { ...outputs, job: job.jobId };
}

/** The server, where the stack asks for one. It can't start before its tables and roles are there. */
function featureServer(
  config: StackConfig,
  names: Names,
  { placement }: Foundation,
  after: readonly pulumi.Resource[],
): FeatureServer | undefined {
  const { serverImage: image } = config;
  if (image === undefined || placement.server === undefined) return undefined;
  return new FeatureServer(
    "server",
    {
      ...placement,
      service: names.server,
      image,
      account: names.serverEmail,
      member: placement.server,
      container: serverContainer(config, names),
      ingress: config.serverIngress,
      callers: config.serverCallers ?? [],
      apiKeys: config.serverApiKeys,
      minInstances: config.serverMinInstances,
      maxInstances: config.serverMaxInstances,
    },
    { dependsOn: [...after] },
  );
}

/** A page to look at, and e-mail where the stack names an address. */
function watch(
  registry: Registry,
  config: StackConfig,
  { job, instance, server }: Names,
  labels: Readonly<Record<string, string>>,
  opts: pulumi.ComponentResourceOptions,
): void {
  const { project, name, alertEmail, serverImage, serverDeadline: deadlineMs } = config;
  const serves = serverImage !== undefined;
  const watched = { project, job, events: registry.events.map((event) => event.name) };
  const page = { ...watched, title: name, instance, server: serves ? server : undefined };
  new Dashboard("dashboard", page, opts);
  if (alertEmail === undefined) return;
  const servedBy = serves ? { service: server, deadlineMs } : undefined;
  new Alerts("alerts", { ...watched, to: alertEmail, server: servedBy, labels }, opts);
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
