import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, type Placement } from "./component.ts";

/** Where worker images go. */
export interface ImagesArgs extends Placement {
  readonly repository: string;
  /** The workers' account, as a member. */
  readonly worker: pulumi.Input<string>;
}

/**
 * The repository of worker images. It cleans nothing up: a job pulls its image whenever it scales, months after it
 * was pushed.
 */
export class Images extends Component {
  constructor(name: string, args: ImagesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Images", name, opts);
    const { project, region, labels, kmsKey } = args;
    const repository = new gcp.artifactregistry.Repository(
      "workers",
      {
        project,
        location: region,
        repositoryId: args.repository,
        format: "DOCKER",
        description: "Worker images of Freshet.",
        dockerConfig: { immutableTags: true },
        labels,
        ...(kmsKey !== undefined && { kmsKeyName: kmsKey }),
      },
      this.child,
    );
    new gcp.artifactregistry.RepositoryIamMember(
      "worker",
      {
        project,
        location: region,
        repository: repository.repositoryId,
        role: "roles/artifactregistry.reader",
        member: args.worker,
      },
      this.child,
    );
    this.registerOutputs({ repository: repository.id });
  }
}
