import { beforeAll, describe, expect, it } from "vitest";
import type { DeclaredResource } from "../../../infra/declared-resources.ts";
import { shortType } from "../../../infra/resource-table/tables.ts";
import { parseDuration } from "../../../pipeline/core/duration.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { bigqueryLayout } from "../../../pipeline/stores/bigquery-layout.ts";
import { bigtableLayout } from "../../../pipeline/stores/bigtable-layout.ts";
import { declaredBy, declaredByPreset } from "../../support/deployments.ts";

const KEY = "projects/my-project/locations/europe-west1/keyRings/freshet/cryptoKeys/freshet";
/** What has labels, and what keeps data; everything else is neither. */
const LABELLED = [
  "artifactregistry.Repository",
  "bigquery.Dataset",
  "bigquery.Table",
  "bigtable.Instance",
  "cloudrunv2.Service",
  "dataflow.Job",
  "kms.CryptoKey",
  "pubsub.Subscription",
  "pubsub.Topic",
  "storage.Bucket",
];

let prod: DeclaredResource[];
let small: DeclaredResource[];
beforeAll(async () => {
  prod = await declaredByPreset("prod");
  small = await declaredByPreset("small");
}, 60_000);

const of = (resources: readonly DeclaredResource[], type: string) =>
  resources.filter((resource) => shortType(resource.type) === type);
const inputs = (resources: readonly DeclaredResource[], type: string) =>
  of(resources, type).map((r) => r.inputs);
const tableInputs = (resources: readonly DeclaredResource[], id: string) =>
  inputs(resources, "bigquery.Table").find(({ tableId }) => tableId === id);

describe("labels", () => {
  it("are on everything that can have them", () => {
    const labelled = prod.filter(({ inputs: { labels } }) => labels !== undefined);
    expect([...new Set(labelled.map(({ type }) => shortType(type)))].sort()).toEqual(LABELLED);
    for (const type of LABELLED) {
      for (const { name, inputs: given } of of(prod, type)) {
        expect(given["labels"], name).toEqual({ app: "freshet", stack: "prod", managed_by: "pulumi" });
      }
    }
  });
});

describe("what keeps data", () => {
  it("is not deleted by mistake", () => {
    const kept = prod.filter(({ protect }) => protect).map(({ type, name }) => `${shortType(type)} ${name}`);
    expect(kept.sort()).toEqual([
      "bigquery.Dataset features",
      "bigquery.Table complete_through",
      "bigquery.Table dead_letter_redrives",
      "bigquery.Table dead_letters",
      "bigquery.Table late_events",
      "bigquery.Table raw_shop_event",
      "bigquery.Table served_vectors",
      "bigtable.Instance instance",
      "bigtable.Table features_item",
      "bigtable.Table features_user",
      "kms.CryptoKey key",
      "kms.KeyRing ring",
      "pubsub.Subscription shop_event.archive",
      "pubsub.Subscription shop_event.pipeline",
      "pubsub.Subscription shop_event.redrive",
      "pubsub.Topic shop_event",
      "pubsub.Topic shop_event.dead_letters",
      "pubsub.Topic shop_event.late",
      "storage.Bucket staging",
    ]);
    for (const { inputs: given } of of(prod, "bigtable.Table"))
      expect(given["deletionProtection"]).toBe("PROTECTED");
    expect(inputs(prod, "bigtable.Instance")).toMatchObject([
      { deletionProtection: true, forceDestroy: false },
    ]);
    expect(inputs(prod, "bigquery.Dataset")).toMatchObject([{ deleteContentsOnDestroy: false }]);
    expect(inputs(prod, "storage.Bucket")).toMatchObject([{ forceDestroy: false }]);
    const views = new Set(["user_purchases", "item_activity"]);
    for (const { inputs: given } of of(prod, "bigquery.Table")) {
      expect(given["deletionProtection"], String(given["tableId"])).toBe(
        !views.has(String(given["tableId"])),
      );
    }
  });

  it("goes, all of it, once the stack says so", async () => {
    const open = await declaredBy("prod", { values: { "freshet:deletionProtection": "false" } });
    const held = open.filter(
      ({ protect, retainOnDelete, inputs: given }) =>
        protect ||
        retainOnDelete ||
        [true, "PROTECTED"].includes(given["deletionProtection"] as boolean | string),
    );
    expect(held.map(({ name }) => name)).toEqual([]);
    expect(inputs(open, "bigtable.Instance")).toMatchObject([{ forceDestroy: true }]);
    expect(inputs(open, "bigquery.Dataset")).toMatchObject([{ deleteContentsOnDestroy: true }]);
    expect(inputs(open, "storage.Bucket")).toMatchObject([{ forceDestroy: true }]);
  });

  it("is encrypted with the stack's key, where it has one", () => {
    expect(inputs(prod, "kms.CryptoKey")).toMatchObject([{ name: "freshet", rotationPeriod: "7776000s" }]);
    for (const given of inputs(prod, "pubsub.Topic")) expect(given["kmsKeyName"]).toBe(KEY);
    expect(inputs(prod, "bigquery.Dataset")).toMatchObject([
      { defaultEncryptionConfiguration: { kmsKeyName: KEY } },
    ]);
    expect(inputs(prod, "storage.Bucket")).toMatchObject([{ encryption: { defaultKmsKeyName: KEY } }]);
    expect(inputs(prod, "artifactregistry.Repository")).toMatchObject([{ kmsKeyName: KEY }]);
    expect(inputs(prod, "dataflow.Job")).toMatchObject([{ kmsKeyName: KEY }]);
    expect(clusters(prod).map(({ kmsKeyName }) => kmsKeyName)).toEqual([KEY, KEY]);
  });

  it("names no key without one", () => {
    expect(JSON.stringify(small)).not.toMatch(/kms/i);
  });
});

describe("Bigtable", () => {
  it("has a cluster a zone, and the first takes all reads and writes", () => {
    expect(clusters(prod)).toMatchObject([
      {
        clusterId: "freshet-europe-west1-b",
        zone: "europe-west1-b",
        autoscalingConfig: { minNodes: 2, maxNodes: 10, cpuTarget: 60 },
      },
      { clusterId: "freshet-europe-west1-c", zone: "europe-west1-c" },
    ]);
    expect(Object.keys(clusters(prod)[0]?.["autoscalingConfig"] as object)).toHaveLength(3);
    expect(inputs(prod, "bigtable.AppProfile")).toMatchObject([
      { appProfileId: "freshet", singleClusterRouting: { clusterId: "freshet-europe-west1-b" } },
    ]);
  });

  it("collects every family as the pipeline's layout says", () => {
    const families = bigtableLayout(features.plans, 0).flatMap((table) => table.families);
    const policies = inputs(small, "bigtable.GCPolicy");
    expect(policies).toHaveLength(families.length);
    for (const { id, gc } of families) {
      const policy = policies.find(({ columnFamily }) => columnFamily === id);
      expect(policy?.["maxVersions"]).toEqual([{ number: gc.maxVersions }]);
      const age = gc.maxAgeS === undefined ? undefined : { duration: "25h5m0s" };
      expect(policy?.["maxAge"]).toEqual(age);
      expect(gc.maxAgeS ?? 90_300).toBe(90_300); // 25 h 5 m: L 1 h, lateness 5 m, a day
      expect(policy?.["mode"]).toBe(age && "UNION");
    }
  });

  it("is backed up daily, where the stack says for how long", () => {
    for (const given of inputs(prod, "bigtable.Table")) {
      expect(given["automatedBackupPolicy"]).toEqual({ frequency: "24h0m0s", retentionPeriod: "168h0m0s" });
    }
    for (const given of inputs(small, "bigtable.Table")) {
      expect(given["automatedBackupPolicy"]).toEqual({ frequency: "0", retentionPeriod: "0" });
    }
  });
});

describe("BigQuery", () => {
  it("has the layout's columns, partitions and clusters", () => {
    const layout = bigqueryLayout(features.plans, { project: "my-project", dataset: "freshet" }, 0);
    for (const { id, fields, partitionField, clusterFields, description } of layout.tables) {
      const given = tableInputs(small, id);
      expect(JSON.parse(String(given?.["schema"]))).toEqual(fields);
      expect(given).toMatchObject({
        description,
        timePartitioning: { type: "DAY", field: partitionField },
        clusterings: clusterFields,
      });
    }
    for (const { id, query } of layout.views) {
      expect(tableInputs(small, id)).toMatchObject({ view: { query, useLegacySql: false } });
    }
  });

  it("drops old days where the stack says so, of rows and of the archive apart", async () => {
    const expiry = (resources: DeclaredResource[], id: string) =>
      (tableInputs(resources, id)?.["timePartitioning"] as { expirationMs?: number }).expirationMs;
    const both = await declaredBy("prod", { values: { "freshet:offlineRetention": "90d" } });
    expect(expiry(both, "user_purchases_v1")).toBe(parseDuration("90d"));
    expect(expiry(both, "raw_shop_event")).toBe(parseDuration("400d"));
    expect(expiry(both, "served_vectors")).toBe(parseDuration("90d"));
    expect(expiry(both, "late_events")).toBeUndefined();
    expect(expiry(small, "raw_shop_event")).toBeUndefined();
  });
});

describe("Pub/Sub", () => {
  const subscription = (name: string) =>
    inputs(prod, "pubsub.Subscription").find((given) => given["name"] === name);

  it("keeps what nobody took for as long as it can, and no subscription expires", () => {
    for (const given of inputs(prod, "pubsub.Subscription")) {
      expect(given).toMatchObject({ messageRetentionDuration: "2678400s", expirationPolicy: { ttl: "" } });
    }
  });

  it("archives every message with its metadata, and moves aside what BigQuery doesn't take", () => {
    expect(subscription("shop_event.archive")).toMatchObject({
      topic: "id of shop_event",
      bigqueryConfig: { table: "my-project.freshet.raw_shop_event", writeMetadata: true },
      deadLetterPolicy: { deadLetterTopic: "id of shop_event.dead_letters", maxDeliveryAttempts: 10 },
    });
  });

  it("moves nothing aside from the pipeline, which makes dead letters itself", () => {
    expect(subscription("shop_event.pipeline")).toMatchObject({ topic: "id of shop_event" });
    expect(subscription("shop_event.pipeline")).not.toHaveProperty("deadLetterPolicy");
    expect(subscription("shop_event.redrive")).toMatchObject({ topic: "id of shop_event.dead_letters" });
  });

  it("stays in the region, and knows the newest contract", () => {
    for (const given of inputs(prod, "pubsub.Topic")) {
      expect(given["messageStoragePolicy"]).toEqual({ allowedPersistenceRegions: ["europe-west1"] });
    }
    const [schema] = inputs(prod, "pubsub.Schema");
    expect(JSON.parse(String(schema?.["definition"]))).toEqual(
      features.event("shop_event").revisions.at(-1)?.avro,
    );
  });
});

function clusters(resources: readonly DeclaredResource[]): Record<string, unknown>[] {
  return inputs(resources, "bigtable.Instance").flatMap(
    (given) => given["clusters"] as Record<string, unknown>[],
  );
}
