import type { Field, Fields, Shape } from "../schema/shape.ts";
import { isAsset, isObject, isUnknown, type Properties, unwrapped } from "./wire.ts";

/** An input that the declarations don't allow. */
export interface Failure {
  /** Where, like `columnFamilies[0].family`. */
  readonly property: string;
  readonly reason: string;
}

/** What is wrong with the inputs of a resource; what isn't known yet passes. */
export function checkInputs(fields: Fields, inputs: Properties): Failure[] {
  return checkFields(fields, inputs, "");
}

function checkFields(fields: Fields, given: Properties, path: string): Failure[] {
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const missing = Object.entries(fields)
    .filter(([name, field]) => field.isRequired && isAbsent(given[name]))
    .map(([name]) => ({ property: at(name), reason: `missing required input "${at(name)}"` }));
  const present = Object.entries(given).filter(([, value]) => !isAbsent(value));
  const wrong = present.flatMap(([name, value]) => {
    const field: Field | undefined = fields[name];
    return field === undefined
      ? [{ property: at(name), reason: `unknown input "${at(name)}"` }]
      : checkValue(field.shape, value, at(name));
  });
  return [...missing, ...wrong];
}

function checkValue(shape: Shape, wrapped: unknown, path: string): Failure[] {
  const value = unwrapped(wrapped);
  if (isUnknown(value)) return [];
  const refuse = (expected: string): Failure[] => [
    { property: path, reason: `"${path}" must be ${expected}, and is ${JSON.stringify(value)}` },
  ];
  switch (shape.kind) {
    case "any":
      return [];
    case "string":
      if (typeof value !== "string") return refuse("a string");
      return (shape.values ?? [value]).includes(value) ? [] : refuse(`one of ${shape.values?.join(", ")}`);
    case "number":
    case "boolean":
      return typeof value === shape.kind ? [] : refuse(`a ${shape.kind}`);
    case "asset":
      return isAsset(value) ? [] : refuse("an asset");
    case "list":
      if (!Array.isArray(value)) return refuse("a list");
      return value.flatMap((item, i) => checkValue(shape.items, item, `${path}[${i}]`));
    case "map":
      if (!isObject(value)) return refuse("an object");
      return Object.entries(value).flatMap(([key, each]) => checkValue(shape.values, each, `${path}.${key}`));
    case "object":
      return isObject(value) ? checkFields(shape.fields, value, path) : refuse("an object");
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
