import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CHECKOUT } from "../../infra/local/install/context.ts";
import type { Registry } from "../../pipeline/define/index.ts";
import { readmeFiles } from "../support/readme.ts";
import { sh } from "../support/shell.ts";

/* The feature and the view that the README adds, in a copy of the features' folder. */
const VIEW = "pipeline/features/user-purchases.ts";
let root = "";

const original = (file: string) => readFile(path.join(CHECKOUT, file), "utf8");

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "freshet-readme-"));
  await mkdir(path.join(root, "pipeline", "features"), { recursive: true });
  for (const shared of ["schemas", "pipeline/define", "pipeline/core", "node_modules"]) {
    await symlink(path.join(CHECKOUT, shared), path.join(root, shared));
  }
  const files = readmeFiles();
  for (const name of ["entities", "events", "item-activity"]) {
    const file = `pipeline/features/${name}.ts`;
    files.set(file, await original(file));
  }
  for (const [file, text] of files) await writeFile(path.join(root, file), text);
  await writeFile(path.join(root, "package.json"), '{"type":"module"}');
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("the feature is one line more in the view's file, and a raised version", async () => {
  const example = readmeFiles().get(VIEW) ?? "";
  const before = example.replace(/^ *min_amount: .*\n/m, "").replace("version: 2,", "version: 1,");
  expect(before).toBe(await original(VIEW));
});

it("feature and view compile", async () => {
  const config = {
    extends: path.join(CHECKOUT, "tsconfig.json"),
    compilerOptions: { typeRoots: [path.join(CHECKOUT, "node_modules", "@types")] },
    include: ["pipeline/features"],
  };
  await writeFile(path.join(root, "tsconfig.json"), JSON.stringify(config));
  const tsc = path.join(CHECKOUT, "node_modules", ".bin", "tsc");
  expect(await sh(`${tsc} --project ${root}`)).toEqual({ code: 0, out: "", err: "" });
});

it("feature and view give the columns that the text names", async () => {
  const url = pathToFileURL(path.join(root, "pipeline", "features", "registry.ts")).href;
  const { features } = (await import(url)) as { features: Registry };
  const columns = (view: string) => features.plan(view).columns.map(({ name }) => name);
  expect(columns("user_purchases")).toContain("min_amount_30m");
  expect(columns("user_refunds")).toEqual(["refund_count_1h", "refund_count_1d", "refunded_1d"]);
});
