import { beforeAll, describe, expect, it } from "vitest";
import type { DeclaredResource } from "../../../infra/declared-resources.ts";
import { roleOf, shortType } from "../../../infra/resource-table/tables.ts";
import { declaredBy, IMAGES } from "../../support/deployments.ts";

const worker = "serviceAccount:freshet-worker@my-project.iam.gserviceaccount.com";
const server = "serviceAccount:freshet-server@my-project.iam.gserviceaccount.com";
const model = "serviceAccount:model@my-project.iam.gserviceaccount.com";
const pubsub = "serviceAccount:pubsub.googleapis.com@agents.example";

/** Every role of preset `prod` but those on the key: whose, which, on what. Another one has to be argued for here. */
const ALLOWED = [
  // Work items, logs and metrics of jobs belong to the project: it can't be given on anything smaller.
  [worker, "roles/dataflow.worker", "project", "my-project"],
  [worker, "roles/storage.objectAdmin", "bucket", "my-project-freshet"],
  [worker, "roles/artifactregistry.reader", "repository", "freshet"],
  [worker, "roles/bigtable.user", "Bigtable table", "features_user"],
  [worker, "roles/bigtable.user", "Bigtable table", "features_item"],
  [worker, "roles/bigquery.dataEditor", "BigQuery table", "user_purchases_v1"],
  [worker, "roles/bigquery.dataEditor", "BigQuery table", "item_activity_v1"],
  [worker, "roles/bigquery.dataEditor", "BigQuery table", "late_events"],
  [worker, "roles/bigquery.dataEditor", "BigQuery table", "dead_letters"],
  [worker, "roles/bigquery.dataEditor", "BigQuery table", "complete_through"],
  [worker, "roles/pubsub.publisher", "topic", "shop_event.late"],
  [worker, "roles/pubsub.publisher", "topic", "shop_event.dead_letters"],
  [worker, "roles/pubsub.subscriber", "subscription", "shop_event.pipeline"],
  [worker, "roles/pubsub.viewer", "subscription", "shop_event.pipeline"],
  // The server reads what it serves, and appends to its log.
  [server, "roles/bigtable.reader", "Bigtable table", "features_user"],
  [server, "roles/bigtable.reader", "Bigtable table", "features_item"],
  [server, "roles/bigquery.dataEditor", "BigQuery table", "served_vectors"],
  [model, "roles/run.invoker", "service", "freshet-server"],
  // The console reads everything. A query is a job, which belongs to the project.
  [server, "roles/bigquery.dataViewer", "data set", "freshet"],
  [server, "roles/bigquery.jobUser", "project", "my-project"],
  // The archive: Pub/Sub writes it, and moves aside what BigQuery doesn't take.
  [pubsub, "roles/bigquery.dataEditor", "BigQuery table", "raw_shop_event"],
  [pubsub, "roles/pubsub.publisher", "topic", "shop_event.dead_letters"],
  [pubsub, "roles/pubsub.subscriber", "subscription", "shop_event.archive"],
];

let declared: DeclaredResource[];
beforeAll(async () => {
  declared = await declaredBy("prod", {
    values: {
      ...IMAGES,
      "freshet:alertEmail": "on-call@example.com",
      "freshet:serverCallers": model,
      "freshet:serverLogVectors": "0.1",
      "freshet:serverConsole": "true",
    },
  });
});

describe("roles", () => {
  it("are given one member at a time, never as a whole policy", () => {
    const types = new Set(declared.map(({ type }) => shortType(type)));
    expect(
      [...types].filter((type) => /policy$|binding$|auditconfig$|customrole$/i.test(type)).sort(),
    ).toEqual(["bigtable.GCPolicy", "monitoring.AlertPolicy"]);
    const members = declared.filter(({ inputs }) => "role" in inputs || "member" in inputs);
    for (const resource of members) {
      expect(resource.type).toMatch(/IamMember$|IAMMember$/);
      expect(roleOf(resource), resource.type).toBeDefined();
    }
  });

  it("are the least that the system needs, each on the smallest thing that takes it", () => {
    const granted = declared.flatMap((resource) => {
      const grant = roleOf(resource);
      if (grant === undefined || grant.kind === "key") return [];
      return [[String(resource.inputs["member"]), grant.role, grant.kind, grant.on]];
    });
    expect(granted.sort()).toEqual([...ALLOWED].sort());
  });

  it("on the key are one, for the agents of what keeps data", () => {
    const grants = declared.filter(({ type }) => type.startsWith("gcp:kms/cryptoKeyIAMMember"));
    expect(new Set(grants.map(({ inputs }) => inputs["role"]))).toEqual(
      new Set(["roles/cloudkms.cryptoKeyEncrypterDecrypter"]),
    );
    expect(grants.map(({ name, inputs }) => `${name} ${String(inputs["member"])}`).sort()).toEqual([
      "artifactregistry serviceAccount:artifactregistry.googleapis.com@agents.example",
      "bigquery serviceAccount:getDefaultServiceAccount@agents.example",
      "bigtable serviceAccount:bigtableadmin.googleapis.com@agents.example",
      "compute serviceAccount:service-123456789012@compute-system.iam.gserviceaccount.com",
      "dataflow serviceAccount:service-123456789012@dataflow-service-producer-prod.iam.gserviceaccount.com",
      `pubsub ${pubsub}`,
      "run serviceAccount:run.googleapis.com@agents.example",
      "storage serviceAccount:getProjectServiceAccount@agents.example",
    ]);
  });

  it("are never primitive, never for everybody, and no key of an account is made", () => {
    for (const resource of declared) {
      expect(resource.type).not.toBe("gcp:serviceaccount/key:Key");
      const text = JSON.stringify(resource.inputs);
      expect(text).not.toMatch(/roles\/(owner|editor|viewer)"/);
      expect(text).not.toMatch(/allUsers|allAuthenticatedUsers/);
    }
  });
});

describe("nothing is open to the world", () => {
  it("a bucket has no access lists and refuses public ones", () => {
    const buckets = declared.filter(({ type }) => type === "gcp:storage/bucket:Bucket");
    expect(buckets).toHaveLength(1);
    for (const { inputs } of buckets) {
      expect(inputs).toMatchObject({ uniformBucketLevelAccess: true, publicAccessPrevention: "enforced" });
    }
  });

  it("the data set keeps Google's own access list", () => {
    const datasets = declared.filter(({ type }) => type === "gcp:bigquery/dataset:Dataset");
    expect(datasets.map(({ inputs }) => inputs["accesses"])).toEqual([undefined]);
  });

  it("workers have private addresses, and only they reach each other", () => {
    const inputs = (type: string) => declared.filter((r) => shortType(r.type) === type).map((r) => r.inputs);
    expect(inputs("dataflow.Job")).toMatchObject([{ ipConfiguration: "WORKER_IP_PRIVATE" }]);
    expect(inputs("compute.Network")).toMatchObject([{ autoCreateSubnetworks: false }]);
    expect(inputs("compute.Subnetwork")).toMatchObject([{ privateIpGoogleAccess: true }]);
    expect(inputs("compute.Firewall")).toMatchObject([
      { sourceTags: ["dataflow"], targetTags: ["dataflow"] },
    ]);
    expect(inputs("compute.Firewall")[0]).not.toHaveProperty("sourceRanges");
    expect(inputs("compute.RouterNat")).toEqual([]);
  });

  it("has a way out only where the stack asks for it", async () => {
    const types = (await declaredBy("small", { values: { "freshet:nat": "true" } })).map(({ type }) =>
      shortType(type),
    );
    expect(types).toEqual(expect.arrayContaining(["compute.Router", "compute.RouterNat"]));
  });
});
