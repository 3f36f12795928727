import * as pulumi from "@pulumi/pulumi";

/** A part of the system. Its resources are its children, and wait for what it waits for. */
export abstract class Component extends pulumi.ComponentResource {
  /** Options of every child. */
  protected readonly child: pulumi.CustomResourceOptions;

  /** @param kind the part's name, in `freshet:infra:…` */
  protected constructor(kind: string, name: string, opts: pulumi.ComponentResourceOptions) {
    super(`freshet:infra:${kind}`, name, {}, opts);
    this.child = {
      parent: this,
      ...(opts.dependsOn !== undefined && { dependsOn: opts.dependsOn }),
    };
  }

  /** Options of a child that keeps data: Pulumi refuses to delete it. */
  protected keeping(protect: boolean): pulumi.CustomResourceOptions {
    return { ...this.child, protect };
  }
}

/** What every part with resources of Google's is given. */
export interface Placement {
  readonly project: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Refuse to delete what keeps data. */
  readonly deletionProtection: boolean;
  /** Full name of the key that encrypts what is kept; `undefined`: Google's own. */
  readonly kmsKey: pulumi.Input<string> | undefined;
}

/** A length of time as Google's APIs write it: whole seconds, rounded up. */
export function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)}s`;
}
