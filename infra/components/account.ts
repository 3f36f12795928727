import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";

/** An account as which a part of the system runs. */
export interface AccountArgs {
  readonly project: string;
  readonly accountId: string;
  readonly displayName: string;
  /** Roles that can't be given on anything smaller than the project. */
  readonly projectRoles: readonly string[];
}

/**
 * A service account. What it may do with a store, topic or bucket is said where that one is; here stands only what
 * can't be given anywhere but on the project.
 */
export class Account extends Component {
  /** As roles name it: `serviceAccount:…`. */
  readonly member: pulumi.Output<string>;

  /** @param name of the part that runs as it */
  constructor(name: string, args: AccountArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Account", name, opts);
    const { project, accountId, displayName } = args;
    const account = new gcp.serviceaccount.Account(
      name,
      {
        project,
        accountId,
        displayName,
        // A half-finished `up` may have left it.
        createIgnoreAlreadyExists: true,
      },
      this.child,
    );
    this.member = account.member;
    for (const role of args.projectRoles) {
      new gcp.projects.IAMMember(
        role.replace("roles/", "").replaceAll(".", "-"),
        { project, role, member: this.member },
        this.child,
      );
    }
    this.registerOutputs({ member: this.member });
  }
}
