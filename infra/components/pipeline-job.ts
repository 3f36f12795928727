import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { DataflowTarget, EmittedJob } from "../dataflow/emit.ts";
import { layoutGuard, type Layouts } from "../layout-guard.ts";
import { Component } from "./component.ts";

/** A job, emitted for a target. */
export interface PipelineJobArgs {
  readonly target: DataflowTarget;
  readonly emitted: Pick<EmittedJob, "pipelineObject" | "job" | "templateObject">;
  /** A file with the emitted job's graph. */
  readonly graphFile: string;
  /** What state is laid out by, by view and version: a job in place of another must read what that one stored. */
  readonly layouts: Layouts;
  /** Whether Pulumi's engine runs the program, and not what stands for it. */
  readonly hasEngine: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** An update waits until the new job runs and the old one has handed its state over. */
const TIMEOUTS = { create: "30m", update: "60m", delete: "60m" };

/**
 * The Dataflow job. Its template's path holds a hash of everything that the job is: another graph, image or size is
 * another path, which replaces the running job in place, with its state. Deleting it drains it.
 */
export class PipelineJob extends Component {
  readonly jobId: pulumi.Output<string>;

  constructor(name: string, args: PipelineJobArgs, opts: pulumi.ComponentResourceOptions) {
    super("PipelineJob", name, opts);
    const { target, emitted } = args;
    const { project, region, bucket, kmsKey, subnetwork } = target;
    const graph = this.#object("graph", bucket, emitted.pipelineObject, {
      source: new pulumi.asset.FileAsset(args.graphFile),
      contentType: "application/octet-stream",
    });
    const template = this.#object("template", bucket, emitted.templateObject, {
      content: JSON.stringify(emitted.job),
      contentType: "application/json",
    });
    const guard = layoutGuard(args.layouts, args.hasEngine, this.child);
    const job = new gcp.dataflow.Job(
      "job",
      {
        project,
        region,
        name: target.jobName,
        templateGcsPath: pulumi.interpolate`gs://${bucket}/${template.outputName}`,
        tempGcsLocation: `gs://${bucket}/tmp`,
        machineType: target.machineType,
        maxWorkers: target.maxWorkers,
        serviceAccountEmail: target.serviceAccount,
        ipConfiguration: "WORKER_IP_PRIVATE",
        enableStreamingEngine: true,
        onDelete: "drain",
        labels: args.labels,
        ...(subnetwork !== undefined && { subnetwork }),
        ...(kmsKey !== undefined && { kmsKeyName: kmsKey }),
      },
      { ...this.#after(graph, template, guard), customTimeouts: TIMEOUTS },
    );
    this.jobId = job.jobId;
    this.registerOutputs({ jobId: this.jobId });
  }

  /** Objects of earlier jobs stay: a rollback finds them, and the check before an update reads the running job's graph. */
  #object(
    name: string,
    bucket: string,
    path: string,
    content: Partial<gcp.storage.BucketObjectArgs>,
  ): gcp.storage.BucketObject {
    return new gcp.storage.BucketObject(
      name,
      { bucket, name: path, ...content },
      { ...this.child, retainOnDelete: true },
    );
  }

  #after(...first: pulumi.Resource[]): pulumi.CustomResourceOptions {
    const others = this.child.dependsOn;
    return {
      ...this.child,
      dependsOn: pulumi.output(others ?? []).apply((more) => [...first, ...[more].flat()]),
    };
  }
}
