import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { Registry } from "../pipeline/define/index.ts";
import { bigqueryLayout, featureTableId } from "../pipeline/stores/bigquery-layout.ts";
import { rawTableId } from "../pipeline/stores/bigquery-tables.ts";
import { Alerts } from "./components/alerts.ts";
import { Apis } from "./components/apis.ts";
import type { Placement } from "./components/component.ts";
import { Encryption } from "./components/encryption.ts";
import { Events } from "./components/events.ts";
import { Images } from "./components/images.ts";
import { Network } from "./components/network.ts";
import { OfflineStore } from "./components/offline-store.ts";
import { OnlineStore } from "./components/online-store.ts";
import { PipelineJob } from "./components/pipeline-job.ts";
import { ServiceAgents } from "./components/service-agents.ts";
import { Staging } from "./components/staging.ts";
import { WorkerAccount } from "./components/worker-account.ts";
import type { StackConfig } from "./config.ts";
import { type DataflowTarget, emitJob } from "./dataflow/emit.ts";
import { keptTables } from "./kept-tables.ts";
import { type Names, namesOf } from "./names.ts";

/** What a stack tells of itself when it is up. */
export interface Deployment {
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
 * @throws StackConfigError, TooManyFamiliesError, DataflowError before anything is declared that depends on it
 */
export async function deploy({ registry, config, workDir }: DeployOptions): Promise<Deployment> {
  const names = namesOf(config);
  const { project, region, minNodes, maxNodes, cpuTarget } = config;
  const target = config.image === undefined ? undefined : targetOf({ ...config, image: config.image }, names);
  const emitted = target && (await emitJob(registry, target));
  const tables = keptTables(registry.plans, { oldest: config.oldestGeneration, newest: config.generation });
  const layout = bigqueryLayout(registry.plans, { project, dataset: names.dataset }, config.generation);

  const apis = new Apis("apis", { project, kms: config.kms });
  const enabled = { dependsOn: [apis] };
  const agents = new ServiceAgents("service-agents", { project, kms: config.kms }, enabled);
  const account = new WorkerAccount("worker", { project, accountId: names.workerAccount }, enabled);
  const placement = placementOf(config, names);
  const keys = config.kms
    ? [new Encryption("encryption", { ...placement, ...names, users: agents.encrypting }, enabled)]
    : [];
  const ready = { dependsOn: [apis, ...keys] };
  const placed = { ...placement, worker: account.member };

  const networks =
    config.subnetwork === undefined
      ? [
          new Network(
            "network",
            { project, region, name: names.network, range: config.subnetRange, nat: config.nat },
            enabled,
          ),
        ]
      : [];
  const images = new Images("images", { ...placed, repository: names.repository }, ready);
  const staging = new Staging("staging", { ...placed, bucket: names.bucket }, ready);
  const online = new OnlineStore(
    "online",
    {
      ...placed,
      instance: names.instance,
      appProfile: names.appProfile,
      zones: config.zones,
      autoscaling: { minNodes, maxNodes, cpuTarget },
      backupsMs: config.backups,
      tables,
    },
    ready,
  );
  const offline = new OfflineStore(
    "offline",
    {
      ...placed,
      pubsub: agents.pubsub,
      dataset: names.dataset,
      location: config.location,
      layout,
      archives: new Set(registry.events.map(({ name }) => rawTableId(name))),
      versioned: new Set(registry.plans.map(featureTableId)),
      retentionMs: config.offlineRetention,
      archiveRetentionMs: config.archiveRetention,
    },
    ready,
  );
  const events = new Events(
    "events",
    {
      ...placed,
      pubsub: agents.pubsub,
      events: registry.events,
      retentionMs: config.topicRetention,
      dataset: names.dataset,
    },
    { dependsOn: [...ready.dependsOn, offline] },
  );
  if (config.alertEmail !== undefined) {
    const watched = { job: names.job, events: registry.events.map(({ name }) => name) };
    new Alerts("alerts", { project, to: config.alertEmail, labels: placement.labels, ...watched }, enabled);
  }

  const told = {
    imagePath: names.imagePath,
    bucket: names.bucket,
    instance: names.instance,
    appProfile: names.appProfile,
    dataset: names.dataset,
    workerServiceAccount: names.workerEmail,
  };
  if (target === undefined || emitted === undefined) {
    return { ...told, job: `none yet: push an image to ${names.imagePath}, set freshet:image, pulumi up` };
  }
  const graphFile = path.join(workDir, emitted.pipelineObject);
  mkdirSync(path.dirname(graphFile), { recursive: true });
  writeFileSync(graphFile, emitted.pipelineProto);
  const job = new PipelineJob(
    "pipeline",
    { target, emitted, graphFile, labels: placement.labels },
    // A job that starts before its roles, tables or subscriptions fails.
    { dependsOn: [apis, ...keys, ...networks, account, images, staging, online, offline, events] },
  );
  return { ...told, job: job.jobId };
}

function placementOf(config: StackConfig, { kmsKey }: Names): Placement {
  const { project, region, deletionProtection, name, stack } = config;
  return {
    project,
    region,
    deletionProtection,
    kmsKey,
    labels: { app: name, stack: labelOf(stack), managed_by: "pulumi" },
  };
}

/** A stack's name as a label's value: small letters, digits, dashes; 63 of them at most. */
function labelOf(stack: string): string {
  return stack
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .slice(0, 63);
}

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
