import { describe, expect, it } from "vitest";
import type { DeclaredResource } from "../../../infra/declared-resources.ts";
import { shortType } from "../../../infra/resource-table/tables.ts";
import { declaredBy, declaredByPreset, IMAGES, SERVER_IMAGE } from "../../support/deployments.ts";

const inputs = (resources: readonly DeclaredResource[], type: string) =>
  resources.filter((each) => shortType(each.type) === type).map((each) => each.inputs);

interface Template {
  readonly maxInstanceRequestConcurrency: number;
  readonly containers: readonly [{ readonly args: string[]; readonly envs: { name: string }[] }];
}
const templateOf = (resources: readonly DeclaredResource[]) =>
  inputs(resources, "cloudrunv2.Service")[0]?.["template"] as Template;
const withServer = (values: Record<string, string>) =>
  declaredBy("small", { values: { ...IMAGES, ...values } });

describe("the service", () => {
  it("is closed unless a stack opens it: internal, by IAM, an account of its own", async () => {
    const [service] = inputs(await declaredByPreset("small"), "cloudrunv2.Service");
    expect(service).toMatchObject({
      name: "freshet-server",
      location: "europe-west1",
      ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
      invokerIamDisabled: false,
      template: {
        serviceAccount: "freshet-server@my-project.iam.gserviceaccount.com",
        scaling: { minInstanceCount: 1, maxInstanceCount: 10 },
        containers: [
          {
            image: SERVER_IMAGE,
            ports: { containerPort: 8080 },
            resources: { cpuIdle: false },
            startupProbe: { httpGet: { path: "/readyz" } },
            livenessProbe: { httpGet: { path: "/healthz" } },
          },
        ],
      },
    });
    expect(service?.["template"]).not.toHaveProperty("encryptionKey");
  });

  it("is told the stores by their names, and sheds what it can't answer before Cloud Run does", async () => {
    const values = {
      "freshet:serverConcurrency": "100",
      "freshet:generation": "2",
      "freshet:serverDeadline": "100ms",
    };
    const template = templateOf(await withServer(values));
    const [{ args, envs }] = template.containers;
    expect(args.join(" ")).toBe(
      "--host 0.0.0.0 --generation 2 --deadline 100ms --max-concurrent 100 --max-queue 50 --log-vectors 0 --drain 8s --allow-unauthenticated --no-console",
    );
    expect(template.maxInstanceRequestConcurrency).toBe(150);
    expect(envs).toEqual([
      { name: "FRESHET_PROJECT", value: "my-project" },
      { name: "FRESHET_INSTANCE", value: "freshet" },
      { name: "FRESHET_APP_PROFILE", value: "freshet" },
      { name: "FRESHET_DATASET", value: "freshet" },
    ]);
  });

  it("takes API keys from a secret's version, by reference, in place of IAM", async () => {
    const secret = "projects/other/secrets/keys/versions/3";
    const declared = await withServer({ "freshet:serverApiKeys": secret, "freshet:serverIngress": "all" });
    expect(inputs(declared, "cloudrunv2.Service")).toMatchObject([
      { ingress: "INGRESS_TRAFFIC_ALL", invokerIamDisabled: true },
    ]);
    const [{ args, envs }] = templateOf(declared).containers;
    expect(args).not.toContain("--allow-unauthenticated");
    expect(envs.at(-1)).toEqual({
      name: "FRESHET_API_KEYS",
      valueSource: { secretKeyRef: { secret: "projects/other/secrets/keys", version: "3" } },
    });
    expect(inputs(declared, "secretmanager.SecretIamMember")).toEqual([
      expect.objectContaining({
        project: "other",
        secretId: "keys",
        role: "roles/secretmanager.secretAccessor",
        member: "serviceAccount:freshet-server@my-project.iam.gserviceaccount.com",
      }),
    ]);
  });

  it("is encrypted with the stack's key, and has the preset's instances", async () => {
    const [service] = inputs(await declaredByPreset("prod"), "cloudrunv2.Service");
    expect(service?.["template"]).toMatchObject({
      encryptionKey: "projects/my-project/locations/europe-west1/keyRings/freshet/cryptoKeys/freshet",
      scaling: { minInstanceCount: 2, maxInstanceCount: 20 },
    });
  });
});

describe("what is watched", () => {
  const withMail = { "freshet:alertEmail": "on-call@example.com" };
  const titles = (resources: readonly DeclaredResource[]) =>
    inputs(resources, "monitoring.AlertPolicy").map(({ displayName }) => displayName);

  it("are the server's failures, latency, refusals and stale vectors, where there is a server", async () => {
    const declared = await withServer({ ...withMail, "freshet:serverDeadline": "200ms" });
    expect(titles(declared)).toEqual(
      expect.arrayContaining([
        "Freshet: the feature server fails requests",
        "Freshet: the feature server is slow",
        "Freshet: the feature server refuses requests",
        "Freshet: vectors are stale",
      ]),
    );
    const threshold = (id: string) => {
      const policy = declared.find(({ name }) => name === id)?.inputs["conditions"];
      return (policy as { conditionThreshold: Record<string, unknown> }[])[0]?.conditionThreshold;
    };
    const requests = 'metric.type="run.googleapis.com/request_count"';
    expect(threshold("server-fails")).toMatchObject({ thresholdValue: 0.01 });
    expect(threshold("server-fails")?.["denominatorFilter"]).toContain(requests);
    expect(threshold("server-fails")?.["aggregations"]).toEqual(
      threshold("server-fails")?.["denominatorAggregations"],
    );
    expect(threshold("server-slow")).toMatchObject({ thresholdValue: 100 });
    const [metric] = inputs(declared, "logging.Metric");
    expect(threshold("server-stale")?.["filter"]).toContain(`user/${String(metric?.["name"])}"`);
    expect(metric?.["filter"]).toContain('jsonPayload.message:"a view is stale"');
    expect(titles(await declaredBy("small", { values: withMail })).join()).not.toContain("server");
  });

  it("is shown on one page, of which every chart asks for something", async () => {
    const page = (resources: readonly DeclaredResource[]) => {
      const [{ dashboardJson } = {}] = inputs(resources, "monitoring.Dashboard");
      const { gridLayout } = JSON.parse(String(dashboardJson)) as {
        gridLayout: { widgets: { title: string; xyChart: { dataSets: unknown[] } }[] };
      };
      for (const { title, xyChart } of gridLayout.widgets) expect(xyChart.dataSets, title).not.toEqual([]);
      return gridLayout.widgets.map(({ title }) => title);
    };
    const without = page(await declaredBy("small", { values: {} }));
    expect(without).toContain("Oldest message not read");
    expect(page(await declaredByPreset("small"))).toEqual([
      ...without,
      "Server: requests a second, by status",
      "Server: latency, p99",
      "Server: instances",
      "Server: minutes with a stale view",
    ]);
  });
});
