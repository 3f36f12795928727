import { describe, expect, it } from "vitest";
import { EventSchemaError, readEventRecord } from "../../pipeline/core/avro-schema.ts";

const record = (type: unknown) => ({ type: "record", name: "R", fields: [{ name: "f", type }] });

describe("an event's schema", () => {
  it("is a flat record of strings, booleans, numbers and enums", () => {
    const kinds = ["string", "boolean", "int", "long", "float", "double"] as const;
    for (const kind of kinds) {
      const field = { name: "f", kind, symbols: [], isTimestamp: false, doc: undefined };
      expect(readEventRecord(record(kind))).toEqual({ name: "R", doc: undefined, fields: [field] });
      expect(readEventRecord(record({ type: kind })).fields).toEqual([field]);
    }
    expect(readEventRecord(record({ type: "enum", name: "E", symbols: ["a", "b"] })).fields).toMatchObject([
      { kind: "enum", symbols: ["a", "b"] },
    ]);
    expect(readEventRecord(record({ type: "long", logicalType: "timestamp-millis" })).fields).toMatchObject([
      { kind: "long", isTimestamp: true },
    ]);
  });

  it.each([
    [null, "the schema is null"],
    ["string", 'the schema is "string"'],
    [{ type: "enum" }, 'the schema is of type "enum"'],
    [{ type: "record" }, "the record needs a name"],
    [{ type: "record", name: "R" }, "record R needs at least one field"],
    [{ type: "record", name: "R", fields: [{ type: "int" }] }, "a field of R needs a name"],
    [record(undefined), "the type of R.f is missing"],
    [record(["null", "string"]), 'the type of R.f is ["null","string"]'],
    [record("bytes"), 'R.f has the type "bytes"'],
    [record({ type: "map", values: "int" }), "R.f has the type"],
    [record({ type: "long", logicalType: "timestamp-micros" }), "R.f has the type"],
    [record({ type: "int", logicalType: "timestamp-millis" }), "R.f has the type"],
    [record({ type: "enum", name: "E" }), "the enum R.f needs a list of symbols"],
  ])("is not %j", (schema, message) => {
    expect(() => readEventRecord(schema)).toThrow(EventSchemaError);
    expect(() => readEventRecord(schema)).toThrow(message);
  });
});
