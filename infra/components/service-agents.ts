import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";

/** Whose agents are asked for. */
export interface ServiceAgentsArgs {
  readonly project: string;
  /** Whether the agents of everything that keeps data are asked for. */
  readonly kms: boolean;
  /** Whether Cloud Run is one of them. */
  readonly serves: boolean;
}

/**
 * The accounts as which Google's services act in this project. Asking for one creates it: in a new project it is
 * not there before its service is used for the first time, and a role can't be given to nobody.
 */
export class ServiceAgents extends Component {
  /** Pub/Sub: writes the archive, and moves what can't be written. */
  readonly pubsub: pulumi.Output<string>;
  /** Members that encrypt and decrypt, by service; empty without keys of one's own. */
  readonly encrypting: Readonly<Record<string, pulumi.Input<string>>>;

  constructor(name: string, args: ServiceAgentsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("ServiceAgents", name, opts);
    const { project, kms, serves } = args;
    const identity = (api: string) =>
      new gcp.projects.ServiceIdentity(api, { project, service: `${api}.googleapis.com` }, this.child).member;
    this.pubsub = identity("pubsub");
    this.encrypting = kms
      ? {
          pubsub: this.pubsub,
          ...this.#encrypting(project, identity),
          ...(serves && { run: identity("run") }),
        }
      : {};
    this.registerOutputs({ pubsub: this.pubsub, encrypting: this.encrypting });
  }

  /** Some services have a call of their own for it, and some have neither: their agents are there once the API is. */
  #encrypting(project: string, identity: (api: string) => pulumi.Output<string>) {
    const { email } = gcp.bigquery.getDefaultServiceAccountOutput({ project }, this.child);
    const { number } = gcp.organizations.getProjectOutput({ projectId: project }, this.child);
    return {
      artifactregistry: identity("artifactregistry"),
      bigquery: pulumi.interpolate`serviceAccount:${email}`,
      bigtable: identity("bigtableadmin"),
      compute: pulumi.interpolate`serviceAccount:service-${number}@compute-system.iam.gserviceaccount.com`,
      dataflow: pulumi.interpolate`serviceAccount:service-${number}@dataflow-service-producer-prod.iam.gserviceaccount.com`,
      storage: gcp.storage.getProjectServiceAccountOutput({ project }, this.child).member,
    };
  }
}
