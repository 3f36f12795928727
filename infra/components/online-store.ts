import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { BigtableTable, GcRule } from "../../pipeline/stores/bigtable-layout.ts";
import { Component, type Placement } from "./component.ts";

/** A Bigtable instance with tables. */
export interface OnlineStoreArgs extends Placement {
  readonly instance: string;
  readonly appProfile: string;
  /** A cluster each; the first takes all reads and writes, others stand by. */
  readonly zones: readonly string[];
  readonly autoscaling: {
    readonly minNodes: number;
    readonly maxNodes: number;
    /** Percent. */
    readonly cpuTarget: number;
  };
  /** How long daily backups are kept, ms; `undefined`: none. */
  readonly backupsMs: number | undefined;
  readonly tables: readonly BigtableTable[];
  /** The workers' account, as a member. */
  readonly worker: pulumi.Input<string>;
  /** The feature server's; `undefined` where there is none. */
  readonly server: pulumi.Input<string> | undefined;
}

const DAY_S = 86_400;

/** The online store: one table an entity, one family a version and generation of a view. */
export class OnlineStore extends Component {
  readonly #args: OnlineStoreArgs;

  constructor(name: string, args: OnlineStoreArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("OnlineStore", name, opts);
    this.#args = args;
    const instance = this.#instance();
    // A row counts as available once it is acknowledged: then it must be readable where it was written.
    new gcp.bigtable.AppProfile(
      "single-cluster",
      {
        project: args.project,
        instance: instance.name,
        appProfileId: args.appProfile,
        description: "One cluster for reads and writes: what was acknowledged can be read.",
        singleClusterRouting: { clusterId: clusterId(args, 0), allowTransactionalWrites: false },
        ignoreWarnings: true, // other clients of a profile that moves to another cluster
      },
      this.child,
    );
    for (const table of args.tables) this.#table(instance, table);
    this.registerOutputs({ instance: instance.name });
  }

  #instance(): gcp.bigtable.Instance {
    const args = this.#args;
    const { project, zones, autoscaling, kmsKey, labels, deletionProtection } = args;
    return new gcp.bigtable.Instance(
      "instance",
      {
        project,
        name: args.instance,
        displayName: args.instance,
        clusters: zones.map((zone, i) => ({
          clusterId: clusterId(args, i),
          zone,
          storageType: "SSD",
          autoscalingConfig: autoscaling,
          ...(kmsKey !== undefined && { kmsKeyName: kmsKey }),
        })),
        deletionProtection,
        forceDestroy: !deletionProtection, // backups too
        labels,
      },
      this.keeping(deletionProtection),
    );
  }

  #table(instance: gcp.bigtable.Instance, { id, families }: BigtableTable): void {
    const { project, deletionProtection, backupsMs, worker, server } = this.#args;
    const table = new gcp.bigtable.Table(
      id,
      {
        project,
        instanceName: instance.name,
        name: id,
        columnFamilies: families.map(({ id: family }) => ({ family })),
        deletionProtection: deletionProtection ? "PROTECTED" : "UNPROTECTED",
        // "0" and not left out: that turns backups off where they were on.
        automatedBackupPolicy:
          backupsMs === undefined
            ? { frequency: "0", retentionPeriod: "0" }
            : { frequency: goDuration(DAY_S), retentionPeriod: goDuration(backupsMs / 1_000) },
      },
      this.keeping(deletionProtection),
    );
    for (const { id: family, gc } of families) {
      new gcp.bigtable.GCPolicy(
        `${id}-${family}`,
        {
          project,
          instanceName: instance.name,
          table: table.name,
          columnFamily: family,
          ...policyOf(gc),
          // Bigtable refuses to delete a rule of a replicated instance; a family that goes takes its rule along.
          deletionPolicy: "ABANDON",
        },
        this.child,
      );
    }
    const grant = (who: string, role: string, member: pulumi.Input<string>) =>
      new gcp.bigtable.TableIamMember(
        `${id}-${who}`,
        { project, instanceName: instance.name, table: table.name, role: `roles/bigtable.${role}`, member },
        this.child,
      );
    grant("worker", "user", worker);
    if (server !== undefined) grant("server", "reader", server);
  }
}

function clusterId({ instance, zones }: OnlineStoreArgs, index: number): string {
  return `${instance}-${zones[index] ?? ""}`;
}

/** `UNION`: a cell goes as soon as either limit is passed. */
function policyOf({
  maxAgeS,
  maxVersions,
}: GcRule): Pick<gcp.bigtable.GCPolicyArgs, "mode" | "maxAge" | "maxVersions"> {
  const versions = { maxVersions: [{ number: maxVersions }] };
  return maxAgeS === undefined
    ? versions
    : { mode: "UNION", maxAge: { duration: goDuration(maxAgeS) }, ...versions };
}

/** Seconds as the provider writes them when it reads them back: another text would be a change for ever. */
function goDuration(totalS: number): string {
  return `${Math.floor(totalS / 3_600)}h${Math.floor((totalS % 3_600) / 60)}m${totalS % 60}s`;
}
