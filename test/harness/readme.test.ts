import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { WORKER_CAPABILITIES } from "../../pipeline/harness/capabilities.ts";
import { TRANSFORM_URNS } from "../../pipeline/harness/operators/make.ts";

const harness = new URL("../../pipeline/harness/", import.meta.url);
const readme = readFileSync(new URL("README.md", harness), "utf8");

/** The first column of a section's tables, as far as it is code. */
function firstColumn(section: string): string[] {
  const [, text] = new RegExp(`^## ${section}\n(.*?)(?=^## |$(?![^]))`, "ms").exec(readme) ?? [];
  if (text === undefined) throw new Error(`the worker's README has no section "${section}"`);
  return [...text.matchAll(/^\| `([^`]+)`/gm)].flatMap(([, name]) => name ?? []);
}

test("the worker's README names the transforms that it runs, and no others", () => {
  expect(firstColumn("Transforms").sort()).toEqual([...TRANSFORM_URNS].sort());
});

test("and the capabilities that the graph promises to runners", () => {
  const named = [...firstColumn("Coders"), ...firstColumn("Protocols")];
  expect(named.sort()).toEqual([...WORKER_CAPABILITIES].sort());
});

test("what it doesn't do, it doesn't promise either", () => {
  const missing = firstColumn("What it doesn't do");
  expect(missing).toContain("beam:coder:row:v1");
  expect(missing.filter((urn) => [...TRANSFORM_URNS, ...WORKER_CAPABILITIES].includes(urn))).toEqual([]);
});

test("the tests and files that it names exist", () => {
  const root = new URL("../../", import.meta.url);
  const tests = [...readme.matchAll(/`(test\/[\w./-]+\.(?:ts|yaml))`/g)].map(
    ([, file = ""]) => new URL(file, root),
  );
  const files = [...readme.matchAll(/`((?:[\w-]+\/)?[\w-]+\.ts)`/g)].map(
    ([, file = ""]) => new URL(file, harness),
  );
  expect(tests.length).toBeGreaterThan(20);
  expect(files.length).toBeGreaterThan(10);
  expect([...tests, ...files].map((url) => fileURLToPath(url)).filter((file) => !existsSync(file))).toEqual(
    [],
  );
});
