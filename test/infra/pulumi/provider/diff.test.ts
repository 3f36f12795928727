import { describe, expect, it } from "vitest";
import { deriveSchema } from "../schema/derive.ts";
import { diffInputs } from "./diff.ts";

const table = deriveSchema("gcp:bigquery/table:Table");
const instance = deriveSchema("gcp:bigtable/instance:Instance");
const columns = (...names: string[]) => JSON.stringify(names.map((name) => ({ name, type: "INT64" })));

describe("diffInputs", () => {
  it("sees nothing where only the order of members differs", () => {
    const labels = { labels: { a: "1", b: "2" } };
    expect(diffInputs(table, labels, { labels: { b: "2", a: "1" } })).toEqual({ changed: [], replaces: [] });
  });

  it("a column more is an update; one less, or of another type, a replacement", () => {
    const before = { schema: columns("a", "b") };
    const schema = ["schema"];
    expect(diffInputs(table, before, { schema: columns("a", "b", "c") })).toEqual({
      changed: schema,
      replaces: [],
    });
    expect(diffInputs(table, before, { schema: columns("a") })).toEqual({
      changed: schema,
      replaces: schema,
    });
    const retyped = before.schema.replace("INT64", "STRING");
    expect(diffInputs(table, before, { schema: retyped })).toEqual({ changed: schema, replaces: schema });
  });

  it("another name is a replacement", () => {
    expect(diffInputs(table, { tableId: "a" }, { tableId: "b" }).replaces).toEqual(["tableId"]);
  });

  it("looks into lists of objects", () => {
    const cluster = { clusterId: "c", zone: "z" };
    const more = { clusters: [{ ...cluster, numNodes: 3 }] };
    expect(diffInputs(instance, { clusters: [cluster] }, more)).toEqual({
      changed: ["clusters"],
      replaces: [],
    });
    const scaled = { clusters: [{ ...cluster, nodeScalingFactor: "NodeScalingFactor2X" }] };
    expect(diffInputs(instance, { clusters: [cluster] }, scaled).replaces).toEqual(["clusters"]);
  });
});
