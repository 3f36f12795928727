import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";

/** The account as which workers run. */
export interface WorkerAccountArgs {
  readonly project: string;
  readonly accountId: string;
}

/**
 * The workers' service account. What it may do with a store, topic or bucket is said where that one is; here stands
 * only what can't be given anywhere but on the project.
 */
export class WorkerAccount extends Component {
  /** As roles name it: `serviceAccount:…`. */
  readonly member: pulumi.Output<string>;

  constructor(
    name: string,
    { project, accountId }: WorkerAccountArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("WorkerAccount", name, opts);
    const account = new gcp.serviceaccount.Account(
      "worker",
      {
        project,
        accountId,
        displayName: "Freshet's workers",
        // A half-finished `up` may have left it.
        createIgnoreAlreadyExists: true,
      },
      this.child,
    );
    this.member = account.member;
    // Work items, logs and metrics of a job belong to the project: no smaller resource has this role.
    new gcp.projects.IAMMember(
      "dataflow-worker",
      { project, role: "roles/dataflow.worker", member: this.member },
      this.child,
    );
    this.registerOutputs({ member: this.member });
  }
}
