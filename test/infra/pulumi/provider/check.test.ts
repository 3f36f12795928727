import { describe, expect, it } from "vitest";
import type { Fields } from "../schema/shape.ts";
import { checkInputs } from "./check.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const optional = { isRequired: false, replaces: false } as const;
const fields: Fields = {
  name: { shape: { kind: "string" }, isRequired: true, replaces: true },
  mode: { ...optional, shape: { kind: "string", values: ["UNION", "INTERSECTION"] } },
  labels: { ...optional, shape: { kind: "map", values: { kind: "string" } } },
  families: {
    ...optional,
    shape: {
      kind: "list",
      items: {
        kind: "object",
        fields: { age: { shape: { kind: "number" }, isRequired: true, replaces: false } },
      },
    },
  },
};
const reasons = (inputs: Record<string, unknown>) => checkInputs(fields, inputs).map(({ reason }) => reason);

describe("checkInputs", () => {
  it.each([
    { name: "a" },
    { name: "a", mode: "UNION", labels: { app: "x" }, families: [{ age: 1 }], other: undefined },
    { name: UNKNOWN, families: UNKNOWN },
    { name: { [SIGNATURE]: SECRET, value: "a" } },
  ])("accepts %j", (inputs) => {
    expect(reasons(inputs)).toEqual([]);
  });

  it.each([
    [{}, 'missing required input "name"'],
    [{ name: 1 }, '"name" must be a string, and is 1'],
    [{ name: { [SIGNATURE]: SECRET, value: 1 } }, '"name" must be a string, and is 1'],
    [{ name: "a", nmae: "b" }, 'unknown input "nmae"'],
    [{ name: "a", mode: "ANY" }, '"mode" must be one of UNION, INTERSECTION, and is "ANY"'],
    [{ name: "a", labels: { app: true } }, '"labels.app" must be a string, and is true'],
    [{ name: "a", families: {} }, '"families" must be a list, and is {}'],
    [{ name: "a", families: [{ age: 1 }, {}] }, 'missing required input "families[1].age"'],
    [{ name: "a", families: [{ age: "1" }] }, '"families[0].age" must be a number, and is "1"'],
  ])("refuses %j: %s", (inputs, reason) => {
    expect(reasons(inputs)).toEqual([reason]);
  });
});
