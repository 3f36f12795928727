import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, type Placement } from "./component.ts";

/** Where job graphs and temporary files go. */
export interface StagingArgs extends Placement {
  readonly bucket: string;
  /** The workers' account, as a member. */
  readonly worker: pulumi.Input<string>;
}

const TEMPORARY_PREFIX = "tmp/";
const TEMPORARY_DAYS = 30;

/** A bucket for job graphs, templates and Dataflow's temporary files. Everything in it can be made again. */
export class Staging extends Component {
  readonly bucket: pulumi.Output<string>;

  constructor(name: string, args: StagingArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Staging", name, opts);
    const bucket = new gcp.storage.Bucket(
      "staging",
      {
        project: args.project,
        name: args.bucket,
        location: args.region,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        // Dataflow writes and deletes all the time: keeping what is deleted would cost more than what is kept.
        softDeletePolicy: { retentionDurationSeconds: 0 },
        lifecycleRules: [
          {
            action: { type: "Delete" },
            condition: { age: TEMPORARY_DAYS, matchesPrefixes: [TEMPORARY_PREFIX] },
          },
        ],
        forceDestroy: !args.deletionProtection,
        labels: args.labels,
        ...(args.kmsKey !== undefined && { encryption: { defaultKmsKeyName: args.kmsKey } }),
      },
      this.keeping(args.deletionProtection),
    );
    new gcp.storage.BucketIAMMember(
      "worker",
      { bucket: bucket.name, role: "roles/storage.objectAdmin", member: args.worker },
      this.child,
    );
    this.bucket = bucket.name;
    this.registerOutputs({ bucket: this.bucket });
  }
}
