import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findDrift, generateAll, mendDrift } from "../../infra/generate.ts";
import { EventSchemaError } from "../../pipeline/core/avro-schema.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "schemas-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const fields = [
  { name: "id", type: "string", doc: "Ends */ early." },
  { name: "kind", type: { type: "enum", name: "Kind", symbols: ["a", "b"] } },
  { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
];

/** Writes a revision of the event `page_view`. */
function revision(id: string, schema: unknown): void {
  mkdirSync(join(dir, "page_view"), { recursive: true });
  writeFileSync(
    join(dir, "page_view", `${id}.avsc`),
    typeof schema === "string" ? schema : JSON.stringify(schema),
  );
}

const record = (extra: object[] = []) => ({
  type: "record",
  name: "PageView",
  fields: [...fields, ...extra],
});

describe("what is generated from an event", () => {
  it("is its type by the newest revision, and all revisions, oldest first", () => {
    revision("10", record([{ name: "ms", type: "int", default: 0 }]));
    revision("9", record());
    const module = generateAll(dir).get("page_view.ts");
    expect(module).toContain(`/** The event page_view, by its newest revision. */
export interface PageView {
  /** Ends * / early. */
  readonly id: string;
  readonly kind: "a" | "b";
  /** Epoch milliseconds. */
  readonly at: number;
  readonly ms: number;
}
`);
    expect(module).toContain("export const pageView: {");
    expect(module?.indexOf('"id": "9"')).toBeLessThan(module?.indexOf('"id": "10"') ?? 0);
  });

  it("is its columns in BigQuery", () => {
    revision("1", record());
    expect(JSON.parse(generateAll(dir).get("page_view.bigquery.json") ?? "")).toEqual([
      { name: "id", type: "STRING", mode: "REQUIRED", description: "Ends */ early." },
      { name: "kind", type: "STRING", mode: "REQUIRED", description: "page_view.kind" },
      { name: "at", type: "TIMESTAMP", mode: "REQUIRED", description: "page_view.at" },
    ]);
  });

  it.each([
    ["a file that is no revision", "one", record(), "schemas/page_view/one.avsc: files here are revisions"],
    ["no JSON", "1", "{", "schemas/page_view/1.avsc: it is not JSON"],
    ["no record", "1", '"string"', 'schemas/page_view/1.avsc: the schema is "string"'],
  ])("is nothing but an error for %s", (_, id, schema, message) => {
    revision(id, schema);
    expect(() => generateAll(dir)).toThrow(EventSchemaError);
    expect(() => generateAll(dir)).toThrow(message);
  });

  it("is an error where the newest revision can't read an older one", () => {
    revision("1", record());
    revision("2", record([{ name: "ms", type: "int" }]));
    expect(() => generateAll(dir)).toThrow(
      /^schemas\/page_view\/1.avsc: revision 2 can't read what revision 1 wrote/,
    );
  });

  it("is an error where there is no revision", () => {
    mkdirSync(join(dir, "empty"));
    expect(() => generateAll(dir)).toThrow("schemas/empty holds no revision: add 1.avsc");
  });
});

describe("drift", () => {
  it("is found, and mended", () => {
    revision("1", record());
    const files = generateAll(dir);
    const generated = join(dir, "generated");
    mkdirSync(generated);
    writeFileSync(join(generated, "page_view.ts"), "old");
    writeFileSync(join(generated, "gone.ts"), "");
    const drift = findDrift(files, generated);
    expect(drift).toEqual([
      { path: "page_view.ts", why: "changed" },
      { path: "page_view.bigquery.json", why: "missing" },
      { path: "gone.ts", why: "left over" },
    ]);
    mendDrift(drift, files, generated);
    expect(findDrift(files, generated)).toEqual([]);
    expect(readdirSync(generated).sort()).toEqual(["page_view.bigquery.json", "page_view.ts"]);
    expect(readFileSync(join(generated, "page_view.ts"), "utf8")).toBe(files.get("page_view.ts"));
  });

  it("is nowhere in the project", () => {
    const schemas = join(import.meta.dirname, "../../schemas");
    expect(findDrift(generateAll(schemas), join(schemas, "generated"))).toEqual([]);
  });
});
