import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type {
  BigqueryFunction,
  BigqueryLayout,
  BigqueryView,
} from "../../pipeline/stores/bigquery-layout.ts";
import type { BigqueryTable } from "../../pipeline/stores/bigquery-tables.ts";
import { Component, type Placement } from "./component.ts";

/** A BigQuery data set with tables, views and table functions. */
export interface OfflineStoreArgs extends Placement {
  readonly dataset: string;
  /** A region, or `EU`, `US`. */
  readonly location: string;
  readonly layout: BigqueryLayout;
  /** Ids of the tables that Pub/Sub writes; the workers write the others. */
  readonly archives: ReadonlySet<string>;
  /** Ids of the tables of a view's version: they leave the definitions when a version is raised. */
  readonly versioned: ReadonlySet<string>;
  /** Id of the table that the feature server writes. */
  readonly served: string;
  /** Ids of the tables that no account of the stack writes, but people with their own rights. */
  readonly byHand: ReadonlySet<string>;
  /** Age at which days of rows and served vectors are dropped, ms; `undefined`: kept. */
  readonly retentionMs: number | undefined;
  /** The same for the tables that Pub/Sub writes. */
  readonly archiveRetentionMs: number | undefined;
  /** The workers' account, as a member. */
  readonly worker: pulumi.Input<string>;
  /** Pub/Sub's own account, as a member. */
  readonly pubsub: pulumi.Input<string>;
  /** The feature server's account, as a member, where it logs what it serves. */
  readonly logger: pulumi.Input<string> | undefined;
  /** Who reads all of the data set, as a member: the console. */
  readonly reader: pulumi.Input<string> | undefined;
}

/** The offline store: the history of features, what became of other events, and the raw archive. */
export class OfflineStore extends Component {
  readonly #args: OfflineStoreArgs;

  constructor(name: string, args: OfflineStoreArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("OfflineStore", name, opts);
    this.#args = args;
    const { project, location, labels, kmsKey, deletionProtection, layout } = args;
    const dataset = new gcp.bigquery.Dataset(
      "features",
      {
        project,
        datasetId: args.dataset,
        location,
        description: "Features, late events, dead letters and the raw archive of Freshet.",
        deleteContentsOnDestroy: !deletionProtection,
        labels,
        ...(kmsKey !== undefined && { defaultEncryptionConfiguration: { kmsKeyName: kmsKey } }),
      },
      this.keeping(deletionProtection),
    );
    const tables = layout.tables.map((table) => this.#table(dataset, table));
    if (args.reader !== undefined) {
      new gcp.bigquery.DatasetIamMember(
        "console",
        { project, datasetId: dataset.datasetId, role: "roles/bigquery.dataViewer", member: args.reader },
        this.child,
      );
    }
    for (const view of layout.views) this.#view(dataset, view, tables);
    for (const each of layout.functions) this.#function(dataset, each, tables);
    this.registerOutputs({ dataset: dataset.datasetId });
  }

  #table(dataset: gcp.bigquery.Dataset, { id, ...table }: BigqueryTable): gcp.bigquery.Table {
    const args = this.#args;
    const { project, labels, deletionProtection } = args;
    const expirationMs = this.#expirationMs(id);
    const resource = new gcp.bigquery.Table(
      id,
      {
        project,
        datasetId: dataset.datasetId,
        tableId: id,
        description: table.description,
        schema: JSON.stringify(table.fields),
        timePartitioning: {
          type: "DAY",
          field: table.partitionField,
          ...(expirationMs !== undefined && { expirationMs }),
        },
        clusterings: [...table.clusterFields],
        deletionProtection,
        labels,
      },
      // A raised version takes its table out of the definitions, but not the history out of BigQuery.
      args.versioned.has(id)
        ? { ...this.child, retainOnDelete: deletionProtection }
        : this.keeping(deletionProtection),
    );
    const member = this.#writerOf(id);
    if (member === undefined) return resource;
    // On the table and not on the data set: workers can't touch the archive that they are judged by.
    new gcp.bigquery.IamMember(
      `${id}-writer`,
      {
        project,
        datasetId: dataset.datasetId,
        tableId: resource.tableId,
        role: "roles/bigquery.dataEditor",
        member,
      },
      this.child,
    );
    return resource;
  }

  #expirationMs(id: string): number | undefined {
    const { archives, archiveRetentionMs, versioned, served, retentionMs } = this.#args;
    if (archives.has(id)) return archiveRetentionMs;
    return versioned.has(id) || id === served ? retentionMs : undefined;
  }

  #writerOf(id: string): pulumi.Input<string> | undefined {
    const { archives, byHand, pubsub, served, logger, worker } = this.#args;
    if (byHand.has(id)) return undefined;
    if (archives.has(id)) return pubsub;
    return id === served ? logger : worker;
  }

  #view(
    dataset: gcp.bigquery.Dataset,
    { id, description, query }: BigqueryView,
    tables: gcp.bigquery.Table[],
  ): void {
    const { project, labels } = this.#args;
    new gcp.bigquery.Table(
      id,
      {
        project,
        datasetId: dataset.datasetId,
        tableId: id,
        description,
        view: { query, useLegacySql: false },
        deletionProtection: false, // it keeps nothing
        labels,
      },
      { ...this.child, dependsOn: tables },
    );
  }

  #function(
    dataset: gcp.bigquery.Dataset,
    { id, description, parameter, query }: BigqueryFunction,
    tables: gcp.bigquery.Table[],
  ): void {
    new gcp.bigquery.Routine(
      id,
      {
        project: this.#args.project,
        datasetId: dataset.datasetId,
        routineId: id,
        routineType: "TABLE_VALUED_FUNCTION",
        language: "SQL",
        description,
        arguments: [{ name: parameter.name, dataType: JSON.stringify({ typeKind: parameter.type }) }],
        definitionBody: query,
      },
      { ...this.child, dependsOn: tables },
    );
  }
}
