import { describe, expect, it } from "vitest";
import { UnknownTypeError } from "./declarations.ts";
import { deriveSchema } from "./derive.ts";

const replacing = (type: string) =>
  Object.entries(deriveSchema(type).inputs)
    .filter(([, { replaces }]) => replaces)
    .map(([name]) => name);

describe("deriveSchema", () => {
  it("reads names, types and what is required, through nested types", () => {
    const { inputs, idFormat } = deriveSchema("gcp:bigtable/table:Table");
    expect(inputs["instanceName"]).toEqual({ shape: { kind: "string" }, isRequired: true, replaces: true });
    expect(inputs["columnFamilies"]).toMatchObject({
      isRequired: false,
      shape: { kind: "list", items: { kind: "object", fields: { family: { isRequired: true } } } },
    });
    expect(idFormat).toBe("projects/{project}/instances/{instanceName}/tables/{name}");
  });

  it("reads maps, numbers and assets", () => {
    const { inputs } = deriveSchema("gcp:storage/bucketObject:BucketObject");
    expect(inputs["metadata"]?.shape).toEqual({ kind: "map", values: { kind: "string" } });
    expect(inputs["source"]?.shape).toEqual({ kind: "asset" });
    const { ackDeadlineSeconds } = deriveSchema("gcp:pubsub/subscription:Subscription").inputs;
    expect(ackDeadlineSeconds?.shape).toEqual({ kind: "number" });
  });

  it("reads the values that documentation names", () => {
    const { inputs } = deriveSchema("gcp:bigquery/routine:Routine");
    expect(inputs["routineType"]?.shape).toEqual({
      kind: "string",
      values: ["SCALAR_FUNCTION", "PROCEDURE", "TABLE_VALUED_FUNCTION"],
    });
  });

  it("knows what replaces: what documentation says, and a resource's address", () => {
    expect(replacing("gcp:bigtable/table:Table")).toEqual(["instanceName", "name", "project", "splitKeys"]);
    expect(replacing("gcp:bigquery/dataset:Dataset")).toEqual(["datasetId", "location", "project"]);
    expect(replacing("gcp:dataflow/job:Job")).toEqual(["name", "project", "region"]);
    expect(replacing("gcp:projects/iAMMember:IAMMember")).toEqual(["condition", "member", "project", "role"]);
  });

  it("knows what guards against deletion, and what the provider adds", () => {
    expect(deriveSchema("gcp:bigtable/instance:Instance").guards).toEqual(["deletionProtection"]);
    expect(deriveSchema("gcp:pubsub/topic:Topic").guards).toEqual([]);
    expect(deriveSchema("gcp:serviceaccount/account:Account").outputs).toEqual(
      expect.arrayContaining(["email", "member"]),
    );
  });

  it.each(["gcp:bigtable/table:Tabel", "gcp:bigtable/tabel:Tabel", "aws:s3/bucket:Bucket"])(
    "refuses %s",
    (type) => {
      expect(() => deriveSchema(type)).toThrow(UnknownTypeError);
    },
  );
});
