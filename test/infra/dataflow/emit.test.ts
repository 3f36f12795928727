import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { emitJob } from "../../../infra/dataflow/emit.ts";
import { DataflowError } from "../../../infra/dataflow/errors.ts";
import { outlineOf } from "../../../pipeline/beam/outline.ts";
import { emitCommand } from "../../../pipeline/commands/emit.ts";
import { defineRegistry } from "../../../pipeline/define/index.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { userPurchases } from "../../../pipeline/features/user-purchases.ts";
import { target, targetOptions } from "../../support/dataflow-target.ts";
import { freshet } from "../../support/freshet.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const sha256 = (content: Uint8Array | string) => createHash("sha256").update(content).digest("hex");

describe("freshet emit", () => {
  it("writes the same bytes in two processes, whatever time zone and machine say", async () => {
    const folders = [tempFolder(), tempFolder()];
    const worlds = [{ TZ: "UTC" }, { TZ: "Asia/Tokyo", HOME: "/nonexistent", LANG: "de_DE.UTF-8" }];
    const runs = await Promise.all(
      folders.map((folder, i) => freshet(["emit", "--out", folder, ...targetOptions], worlds[i])),
    );
    for (const run of runs) expect(run).toMatchObject({ code: 0, err: "" });
    for (const name of ["pipeline.pb", "job.json", "template.json"]) {
      const [one, other] = folders.map((folder) => readFileSync(path.join(folder, name)));
      expect(one?.length).toBeGreaterThan(1_000);
      expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
    }
    const { hash, pipeline } = JSON.parse(runs[0]?.out ?? "") as { hash: string; pipeline: string };
    const pb = readFileSync(path.join(folders[0] ?? "", "pipeline.pb"));
    expect(pipeline).toBe(`gs://${target.bucket}/pipelines/${sha256(pb)}/pipeline.pb`);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ["no project", ["--region", "europe-west1"], "give --project my-project, or set FRESHET_PROJECT"],
    ["no region", ["--project", "my-project"], "give --region europe-west1, or set FRESHET_REGION"],
    [
      "no image",
      ["--project", "my-project", "--region", "europe-west1"],
      "give --image europe-west1-docker.pkg.dev",
    ],
    ["an image by tag", [...targetOptions, "--image", "gcr.io/p/worker:latest"], "name it by its digest"],
    ["a zone", [...targetOptions, "--region", "europe-west1-b"], "a region, like europe-west1; no zone"],
    ["a bucket's URL", [...targetOptions, "--bucket", "gs://b"], "a bucket's name, without gs://"],
    ["a bad label", [...targetOptions, "--label", "Team=A"], '--label is "Team=A"'],
    ["too many workers to start", [...targetOptions, "--num-workers", "4"], "at most --max-workers, 3"],
  ])("refuses %s, with what would be right, before it writes anything", async (_what, args, sentence) => {
    const out = path.join(tempFolder(), "out");
    const emitting = emitCommand().parseAsync(["--out", out, ...args], { from: "user" });
    await expect(emitting).rejects.toThrow(sentence);
    await expect(emitting).rejects.toThrow(DataflowError);
    expect(existsSync(out)).toBe(false);
  });
});

describe("emitJob", () => {
  it("gives another hash for another image, size of machine, or definition, and only then", async () => {
    const { hash } = await emitJob(features, target);
    expect((await emitJob(features, { ...target })).hash).toBe(hash);
    const others = [
      emitJob(features, { ...target, image: target.image.replace("5eed", "beef") }),
      emitJob(features, { ...target, machineType: "n2d-standard-8" }),
      emitJob(defineRegistry([userPurchases]), target),
    ];
    const hashes = (await Promise.all(others)).map((job) => job.hash);
    expect(new Set([hash, ...hashes]).size).toBe(4);
  });

  it("keeps the graph's name where only the machines change: the graph is stored once", async () => {
    const [one, other] = await Promise.all([
      emitJob(features, target),
      emitJob(features, { ...target, maxWorkers: 9 }),
    ]);
    expect(other.pipelineObject).toBe(one.pipelineObject);
    expect(other.templateObject).not.toBe(one.templateObject);
  });

  it("has no client request id: a template is launched more than once", async () => {
    expect((await emitJob(features, target)).job).not.toHaveProperty("clientRequestId");
  });

  it("reads Pub/Sub by Dataflow's own source, with nothing of Java and nothing to stage", async () => {
    const { pipelineProto } = await emitJob(features, target);
    const { transforms, environments } = outlineOf(pipelineProto);
    expect(transforms.get("shop_event/read")).toMatchObject({
      urn: "beam:transform:pubsub_read:v1",
      subscription: "projects/my-project/subscriptions/shop_event.pipeline",
    });
    expect(environments.map(({ image }) => image)).toEqual([target.image]);
  });

  it("shuffles by keys whose coders every runner knows", async () => {
    const { transforms } = outlineOf((await emitJob(features, target)).pipelineProto);
    const stateful = [...transforms.values()].filter(({ states }) => Object.keys(states).length > 0);
    const keyed = stateful.flatMap(({ inputs }) => Object.values(inputs));
    expect(keyed).toHaveLength(3); // two views, one heartbeat
    for (const input of keyed) expect(input).toMatch(/^kv\((varint|string_utf8), bytes\) in global_windows/);
  });
});
