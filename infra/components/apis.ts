import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";

/** APIs that the system calls, or Dataflow calls for it. */
const SERVICES = [
  "artifactregistry",
  "bigquery",
  "bigtable",
  "bigtableadmin",
  "cloudresourcemanager", // roles on the project
  "compute",
  "dataflow",
  "iam",
  "logging",
  "monitoring",
  "pubsub",
  "storage",
] as const;

/** What the APIs are enabled for. */
export interface ApisArgs {
  readonly project: string;
  /** Whether keys of one's own are used. */
  readonly kms: boolean;
  /** Whether there is a feature server. */
  readonly serves: boolean;
  /** Whether it reads a secret. */
  readonly secrets: boolean;
}

/** The APIs, enabled. They stay enabled when the stack goes: others in the project may use them. */
export class Apis extends Component {
  constructor(name: string, args: ApisArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Apis", name, opts);
    const { project, kms, serves, secrets } = args;
    const more = [
      ...(kms ? ["cloudkms"] : []),
      ...(serves ? ["run"] : []),
      ...(secrets ? ["secretmanager"] : []),
    ];
    for (const api of [...SERVICES, ...more]) {
      new gcp.projects.Service(
        api,
        { project, service: `${api}.googleapis.com`, disableOnDestroy: false },
        this.child,
      );
    }
    this.registerOutputs();
  }
}
