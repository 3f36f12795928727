import { describe, expect, it } from "vitest";
import type { DeclaredResource } from "../../infra/declared-resources.ts";
import { parseDuration } from "../../pipeline/core/duration.ts";
import { defineFeatureView, defineRegistry } from "../../pipeline/define/index.ts";
import { item, user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { features } from "../../pipeline/features/registry.ts";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import {
  changes,
  declaredBy,
  declaredByPreset,
  IMAGE,
  IMAGES,
  listed,
  SERVER_IMAGE,
} from "../support/deployments.ts";

const timing = { window: { slide: "1m", allowedLateness: "5m" }, freshness: "1m" } as const;

/** `spends` of users: its version, its longest size, and whether it has one feature more. */
function spends(
  version: number,
  { longest = "1h", more = false }: { longest?: "1h" | "40d"; more?: boolean } = {},
) {
  return defineFeatureView({
    name: "spends",
    version,
    source: shopEvents,
    entity: user,
    ...timing,
    window: { ...timing.window, slide: longest === "40d" ? "1d" : "1m" },
    features: (agg) => ({
      spend: agg.sum("amount_usd", { over: [longest] }),
      ...(more && { smallest: agg.min("amount_usd", { over: [longest] }) }),
    }),
  });
}

const visits = defineFeatureView({
  name: "visits",
  version: 1,
  source: shopEvents,
  entity: item,
  ...timing,
  features: (agg) => ({ visit_count: agg.count({ over: ["1h"] }) }),
});

const of = (resources: readonly DeclaredResource[], type: string) =>
  resources.filter((resource) => resource.type === type);
const inputsOf = (resources: readonly DeclaredResource[], type: string, input: string) =>
  of(resources, type)
    .map(({ inputs }) => String(inputs[input]))
    .sort();

/** What every changed job brings. */
const NEW_JOB = {
  "pipeline storage.BucketObject graph": ["name"],
  "pipeline storage.BucketObject template": ["content", "name"],
  "pipeline dataflow.Job job": ["templateGcsPath"],
};

/** What changed features bring. */
const NEW_LAYOUTS = { "pipeline Stash layouts": ["input"], ...NEW_JOB };

describe("what a preset declares", () => {
  it.each(["small", "prod"] as const)("is the whole list: %s", async (preset) => {
    const lines = listed(await declaredByPreset(preset)).join("\n");
    await expect(`${lines}\n`).toMatchFileSnapshot(`./declared-by-${preset}.txt`);
  });

  it("is the same in two runs, to the byte of the job", async () => {
    expect(changes(await declaredByPreset("prod"), await declaredBy("prod"))).toEqual({
      added: [],
      removed: [],
      changed: {},
    });
  });

  it("is all but the job while there is no image", async () => {
    const { added, removed, changed } = changes(
      await declaredBy("small", { values: { "freshet:serverImage": SERVER_IMAGE } }),
      await declaredByPreset("small"),
    );
    expect(added).toEqual(["(stack) PipelineJob pipeline", ...Object.keys(NEW_LAYOUTS)].sort());
    expect({ removed, changed }).toEqual({ removed: [], changed: {} });
  });
});

describe("a feature server", () => {
  const only = async (values: Record<string, string>) =>
    changes(
      await declaredBy("small", { values: { "freshet:image": IMAGE } }),
      await declaredBy("small", { values: { "freshet:image": IMAGE, ...values } }),
    );

  it("is a service with an account that reads Bigtable, and nothing else without its image", async () => {
    expect(await only({ "freshet:serverLogVectors": "1" })).toEqual({ added: [], removed: [], changed: {} });
    expect(await only({ "freshet:serverImage": SERVER_IMAGE })).toEqual({
      added: [
        "(stack) Account server",
        "(stack) FeatureServer server",
        "apis projects.Service run",
        "online bigtable.TableIamMember features_item-server",
        "online bigtable.TableIamMember features_user-server",
        "server cloudrunv2.Service service",
        "server logging.Metric stale-views",
        "server serviceaccount.Account server",
      ],
      removed: [],
      changed: { "dashboard monitoring.Dashboard page": ["dashboardJson"] },
    });
  });
});

describe("names", () => {
  const names = topicsOf("shop_event");
  const at = { project: "my-project", dataset: "freshet" };

  it("are those of the pipeline's layouts", async () => {
    const declared = await declaredByPreset("small");
    const tables = bigtableLayout(features.plans, 0);
    const layout = bigqueryLayout(features.plans, at, 0);
    expect(inputsOf(declared, "gcp:pubsub/topic:Topic", "name")).toEqual(
      [names.source, names.late, names.deadLetters].sort(),
    );
    expect(inputsOf(declared, "gcp:pubsub/subscription:Subscription", "name")).toEqual(
      [names.subscription, names.archive, names.redrive].sort(),
    );
    expect(inputsOf(declared, "gcp:bigtable/table:Table", "name")).toEqual(tables.map(({ id }) => id).sort());
    expect(inputsOf(declared, "gcp:bigtable/gCPolicy:GCPolicy", "columnFamily")).toEqual(
      tables.flatMap(({ families }) => families.map(({ id }) => id)).sort(),
    );
    expect(inputsOf(declared, "gcp:bigquery/table:Table", "tableId")).toEqual(
      [...layout.tables, ...layout.views].map(({ id }) => id).sort(),
    );
    expect(inputsOf(declared, "gcp:bigquery/routine:Routine", "routineId")).toEqual(
      layout.functions.map(({ id }) => id).sort(),
    );
  });

  it("are those that the job is told", async () => {
    const declared = await declaredByPreset("prod");
    const [job] = of(declared, "gcp:dataflow/job:Job");
    const [template] = declared.filter(({ name }) => name === "template");
    const [instance] = inputsOf(declared, "gcp:bigtable/instance:Instance", "name");
    const [bucket] = inputsOf(declared, "gcp:storage/bucket:Bucket", "name");
    const body = JSON.parse(String(template?.inputs["content"])) as {
      environment: { sdkPipelineOptions: { display_data: { key: string; value: string }[] } };
    };
    const told = Object.fromEntries(
      body.environment.sdkPipelineOptions.display_data.map(({ key, value }) => [key, value]),
    );
    expect(told).toMatchObject({
      image: IMAGE,
      bigtable_instance: instance,
      bigquery_dataset: inputsOf(declared, "gcp:bigquery/dataset:Dataset", "datasetId")[0],
      generation: "0",
    });
    expect(job?.inputs).toMatchObject({
      templateGcsPath: `gs://${bucket ?? ""}/${String(template?.inputs["name"])}`,
      serviceAccountEmail: "freshet-worker@my-project.iam.gserviceaccount.com",
      subnetwork: "regions/europe-west1/subnetworks/freshet",
      ipConfiguration: "WORKER_IP_PRIVATE",
      onDelete: "drain",
      machineType: "n2d-standard-4",
      maxWorkers: 20,
    });
  });

  it("begin with the stack's own, where one is set", async () => {
    const declared = await declaredBy("small", { values: { ...IMAGES, "freshet:name": "shop-features" } });
    expect(inputsOf(declared, "gcp:bigtable/instance:Instance", "name")).toEqual(["shop-features"]);
    expect(inputsOf(declared, "gcp:bigquery/dataset:Dataset", "datasetId")).toEqual(["shop_features"]);
    expect(inputsOf(declared, "gcp:storage/bucket:Bucket", "name")).toEqual(["my-project-shop-features"]);
    expect(inputsOf(declared, "gcp:serviceaccount/account:Account", "accountId")).toEqual([
      "shop-features-server",
      "shop-features-worker",
    ]);
    expect(inputsOf(declared, "gcp:cloudrunv2/service:Service", "name")).toEqual(["shop-features-server"]);
  });

  it("are of an existing subnetwork by its URL, and then there is no network", async () => {
    const subnetwork = "projects/net/regions/europe-west1/subnetworks/dataflow";
    const values = { "freshet:image": IMAGE, "freshet:subnetwork": subnetwork };
    const declared = await declaredBy("small", { values });
    expect(inputsOf(declared, "gcp:dataflow/job:Job", "subnetwork")).toEqual([
      `https://www.googleapis.com/compute/v1/${subnetwork}`,
    ]);
    expect(declared.filter(({ type }) => type.startsWith("gcp:compute/"))).toEqual([]);
  });
});

describe("a change of the definitions", () => {
  const declaredFor = (...views: Parameters<typeof defineRegistry>[0]) =>
    declaredBy("small", { registry: defineRegistry(views) });

  it("of a feature in a raised version is a table, a family, the function and the job; nothing that keeps data goes", async () => {
    const before = await declaredFor(spends(1));
    const after = await declaredFor(spends(2, { more: true }));
    expect(changes(before, after)).toEqual({
      added: [
        "offline bigquery.IamMember spends_v2-writer",
        "offline bigquery.Table spends_v2",
        "online bigtable.GCPolicy features_user-spends.v2.g0",
      ],
      removed: ["offline bigquery.IamMember spends_v1-writer", "offline bigquery.Table spends_v1"],
      changed: {
        "online bigtable.Table features_user": ["columnFamilies"],
        "offline bigquery.Routine spends_at": ["definitionBody"],
        "offline bigquery.Table spends": ["description", "view"],
        ...NEW_LAYOUTS,
      },
    });
    expect(before.find(({ name }) => name === "spends_v1")).toMatchObject({ retainOnDelete: true });
    expect(familiesOf(after)).toEqual([...familiesOf(before), "spends.v2.g0"].sort());
  });

  it("of a feature in the same version is a column, the function and the job", async () => {
    const before = await declaredFor(spends(1));
    const after = await declaredFor(spends(1, { more: true }));
    expect(changes(before, after)).toEqual({
      added: [],
      removed: [],
      changed: {
        "offline bigquery.Routine spends_at": ["definitionBody"],
        "offline bigquery.Table spends_v1": ["schema"],
        ...NEW_LAYOUTS,
      },
    });
    const columns = columnsOf(before, "spends_v1");
    expect(columnsOf(after, "spends_v1").filter((column) => !columns.includes(column))).toEqual([
      "smallest_1h",
    ]);
    expect(columnsOf(after, "spends_v1")).toEqual(expect.arrayContaining(columns));
  });

  it("of a view of a new entity is its tables, roles and the job", async () => {
    const before = await declaredFor(spends(1));
    const after = await declaredFor(spends(1), visits);
    const { added, removed, changed } = changes(before, after);
    expect(added).toEqual([
      "offline bigquery.IamMember visits_v1-writer",
      "offline bigquery.Routine visits_at",
      "offline bigquery.Table visits",
      "offline bigquery.Table visits_v1",
      "online bigtable.GCPolicy features_item-control",
      "online bigtable.GCPolicy features_item-visits.v1.g0",
      "online bigtable.Table features_item",
      "online bigtable.TableIamMember features_item-server",
      "online bigtable.TableIamMember features_item-worker",
    ]);
    expect({ removed, changed }).toEqual({ removed: [], changed: NEW_LAYOUTS });
  });

  it("to a longer window keeps messages longer, by the same rule", async () => {
    const registry = defineRegistry([spends(1, { longest: "40d" })]);
    await expect(declaredBy("small", { registry })).rejects.toThrow("Pub/Sub keeps messages 31d at most");
    const topics = of(await declaredFor(spends(1)), "gcp:pubsub/topic:Topic");
    for (const { inputs } of topics) {
      const keptS = Number.parseInt(String(inputs["messageRetentionDuration"]));
      expect(keptS * 1000).toBeGreaterThanOrEqual(
        parseDuration("1h") + parseDuration("5m") + parseDuration("1h"),
      );
    }
    expect(topics).toHaveLength(3);
  });
});

function familiesOf(resources: readonly DeclaredResource[]): string[] {
  const tables = of(resources, "gcp:bigtable/table:Table");
  return tables
    .flatMap(({ inputs }) => (inputs["columnFamilies"] as { family: string }[]).map(({ family }) => family))
    .sort();
}

function columnsOf(resources: readonly DeclaredResource[], table: string): string[] {
  const schema = resources.find(({ name }) => name === table)?.inputs["schema"];
  return (JSON.parse(String(schema)) as { name: string }[]).map(({ name }) => name);
}
