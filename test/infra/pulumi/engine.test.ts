import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStackConfig } from "../../../infra/config.ts";
import { deploy } from "../../../infra/deploy.ts";
import { defineRegistry, type Registry } from "../../../pipeline/define/index.ts";
import { itemActivity } from "../../../pipeline/features/item-activity.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { wideUserPurchases } from "../../support/views.ts";
import { callsIn } from "./provider/cloud.ts";
import { AUTONAMED } from "./provider/provider.ts";
import { needsPulumi } from "./needs-pulumi.ts";
import { TestStack } from "./test-stack.ts";

/*
 * The program under Pulumi's real engine, with its state in a folder, and a provider that stands for Google Cloud. It
 * does not prove that Google accepts what the provider's declarations allow.
 */

const cli = await needsPulumi();
const folder = mkdtempSync(path.join(tmpdir(), "freshet-pulumi-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const imageOf = (digit: string) =>
  `europe-west1-docker.pkg.dev/my-project/freshet/worker@sha256:${digit.repeat(64)}`;
const CONFIG = {
  "gcp:project": "my-project",
  "gcp:region": "europe-west1",
  "freshet:image": imageOf("0"),
  "freshet:serverImage": imageOf("0"),
  "freshet:serverApiKeys": "projects/my-project/secrets/api-keys/versions/1",
  "freshet:serverLogVectors": "0.1",
  "freshet:serverConsole": "true",
  "freshet:alertEmail": "on-call@example.com",
};

/** `infra/index.ts`, for other feature views. */
function programFor(registry: Registry): () => Promise<void> {
  return async () => {
    const source = { stack: pulumi.getStack(), values: pulumi.runtime.allConfig() };
    const config = readStackConfig(source, registry.plans);
    await deploy({ registry, config, workDir: path.join(folder, "graphs") });
  };
}

/** The job's graph and template are objects whose paths tell their content. */
const NEW_GRAPH = ["replace storage.BucketObject graph", "replace storage.BucketObject template"];

const program = programFor(features);
const widened = programFor(defineRegistry([wideUserPurchases, itemActivity]));
const { name, version } = features.plan("user_purchases");
const unraised = programFor(
  defineRegistry([{ ...wideUserPurchases, plan: { ...wideUserPurchases.plan, version } }, itemActivity]),
);

describe.skipIf(cli === undefined)(
  "one stack, from its first `up` to `destroy`",
  { timeout: 120_000 },
  () => {
    let stack: TestStack;

    beforeAll(async () => {
      if (cli === undefined) return;
      stack = await TestStack.create(cli, path.join(folder, "one"));
      await stack.configure(CONFIG);
    }, 60_000);

    it("a resource that can't be created stops `up` with what Google said", async () => {
      stack.failAt("features_item");
      await expect(stack.up(program)).rejects.toThrow(/quota exceeded while creating features_item/);
    });

    it("the next `up` creates what was left, and nothing twice", async () => {
      stack.failAt(undefined);
      const steps = await stack.up(program);
      expect(steps).toContain("create bigtable.Table features_item");
      expect(steps).toContain("create dataflow.Job job");
      expect(steps).not.toContain("create bigtable.Table features_user");
      const created = callsIn(stack.cloud).map(({ op, type, id }) => `${op} ${type} ${id}`);
      expect(created).toEqual([...new Set(created)]);
      expect(created.every((call) => call.startsWith("create "))).toBe(true);
    });

    it("then nothing is left to do", async () => {
      expect(await stack.preview(program)).toEqual([]);
    });

    it("no name is left to chance", async () => {
      const names = [...(await stack.inputs()).values()].map(({ name }) => name);
      expect(names.filter((name) => typeof name === "string" && name.endsWith(AUTONAMED))).toEqual([]);
    });

    it("a feature without a raised version is refused, by a preview already: the job couldn't read its own state", async () => {
      const before = callsIn(stack.cloud);
      const refused = new RegExp(`${name} v${String(version)}: feature min_amount is new`);
      await expect(stack.preview(unraised)).rejects.toThrow(refused);
      expect(callsIn(stack.cloud)).toEqual(before);
    });

    it("a feature adds a family and a table, changes view and function, and updates the job in place", async () => {
      expect(await stack.up(widened)).toEqual([
        "create bigquery.IamMember user_purchases_v2-writer",
        "create bigquery.Table user_purchases_v2",
        "create bigtable.GCPolicy features_user-user_purchases.v2.g0",
        "delete bigquery.IamMember user_purchases_v1-writer",
        "delete bigquery.Table user_purchases_v1",
        ...NEW_GRAPH,
        "update bigquery.Routine user_purchases_at",
        "update bigquery.Table user_purchases",
        "update bigtable.Table features_user",
        "update dataflow.Job job",
      ]);
    });

    it("the history of the version before, and its job's graph, stay in the cloud", () => {
      const deleted = callsIn(stack.cloud).filter(({ op }) => op === "delete");
      expect(deleted.map(({ name }) => name)).toEqual(["user_purchases_v1-writer"]);
    });

    it("another image updates the job in place, and nothing else", async () => {
      await stack.configure({ ...CONFIG, "freshet:image": imageOf("1") });
      expect(await stack.up(widened)).toEqual([...NEW_GRAPH, "update dataflow.Job job"]);
    });

    it("another image of the server changes its service, and nothing else", async () => {
      await stack.configure({
        ...CONFIG,
        "freshet:image": imageOf("1"),
        "freshet:serverImage": imageOf("2"),
      });
      expect(await stack.up(widened)).toEqual(["update cloudrunv2.Service service"]);
    });

    it("what keeps data isn't destroyed, nor anything else", async () => {
      const before = callsIn(stack.cloud);
      await expect(stack.destroy()).rejects.toThrow(/protected/);
      expect(callsIn(stack.cloud)).toEqual(before);
    });

    it("once that is allowed, `destroy` leaves nothing", async () => {
      await stack.configure({
        ...CONFIG,
        "freshet:image": imageOf("1"),
        "freshet:serverImage": imageOf("2"),
        "freshet:deletionProtection": "false",
      });
      const steps = await stack.up(widened);
      expect(steps.filter((step) => !step.startsWith("update "))).toEqual([]);
      expect(steps.join()).not.toContain("dataflow.Job");
      await stack.destroy();
      expect((await stack.inputs()).size).toBe(0);
    });
  },
);

describe.skipIf(cli === undefined)("what the provider refuses", { timeout: 60_000 }, () => {
  let stack: TestStack;

  beforeAll(async () => {
    if (cli === undefined) return;
    stack = await TestStack.create(cli, path.join(folder, "refused"));
  }, 60_000);

  it("an input that the declarations don't have, and one of another type", async () => {
    const inputs = { name: "s", topic: "t", ackDeadlineSeconds: "60", deadLetterPolicy: { topic: "d" } };
    const mistaken = () => {
      new gcp.pubsub.Subscription("s", inputs as unknown as gcp.pubsub.SubscriptionArgs);
      return Promise.resolve();
    };
    const said = await stack.up(mistaken).then(String, String);
    expect(said).toContain('"ackDeadlineSeconds" must be a number, and is "60"');
    expect(said).toContain('unknown input "deadLetterPolicy.topic"');
  });

  it("a name that is taken", async () => {
    const twice = () => {
      for (const name of ["a", "b"]) new gcp.pubsub.Topic(name, { name: "events", project: "my-project" });
      return Promise.resolve();
    };
    await expect(stack.up(twice)).rejects.toThrow(
      /Error 409: projects\/my-project\/topics\/events already exists/,
    );
  });
});
