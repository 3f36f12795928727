import ts from "typescript";
import { commentOf, declarationsOf, inputInterface } from "./declarations.ts";
import type { Field, Fields, ResourceSchema, Shape } from "./shape.ts";

/** Sentences by which the provider's documentation says that an input can't change in place. */
const REPLACES =
  /changing this forces a new|forces? (?:a )?new resource|delete\/recreate the entire|recreated to modify this field|will trigger recreation|changing this (?:field )?will (?:destroy|delete) /i;

/** Inputs by which Google's API finds a resource, which has no renaming, beyond those that the id is made of. */
const ADDRESS = new Set([
  "accountId",
  "bucket",
  "columnFamily",
  "instanceName",
  "location",
  "name",
  "project",
  "region",
  "table",
  "topic",
]);

/** How the documentation says that an input forbids deletion where it isn't given. */
const GUARDS = /unless this field is set to false/i;

const ANY: Shape = { kind: "any" };
const KEYWORDS = new Map<ts.SyntaxKind, Shape>([
  [ts.SyntaxKind.StringKeyword, { kind: "string" }],
  [ts.SyntaxKind.NumberKeyword, { kind: "number" }],
  [ts.SyntaxKind.BooleanKeyword, { kind: "boolean" }],
]);

/**
 * What the declarations of @pulumi/gcp say of a type of resource: names, types, what is required, the values that are
 * named, and what forces a replacement.
 * @throws UnknownTypeError
 */
export function deriveSchema(type: string): ResourceSchema {
  const { args, resource } = declarationsOf(type);
  const idFormat = idFormatOf(commentOf(resource));
  const address = new Set([...ADDRESS, ...(idFormat === undefined ? [] : placeholdersOf(idFormat))]);
  // a grant is its own address: who gets what on which resource
  const isGrant = /iam_?member$/i.test(type);
  const inputs = Object.fromEntries(
    propertiesOf(args).map(([name, property]) => {
      const field = fieldOf(property);
      return [name, { ...field, replaces: field.replaces || isGrant || address.has(name) }];
    }),
  );
  const outputs = resource.members
    .filter(ts.isPropertyDeclaration)
    .map(({ name }) => name.getText())
    .filter((name) => !(name in inputs) && !name.startsWith("__"));
  const guards = propertiesOf(args)
    .filter(([, property]) => GUARDS.test(commentOf(property)))
    .map(([name]) => name);
  return { type, inputs, idFormat, outputs, guards };
}

/** The first of the ways that `pulumi import` takes: ``* `projects/{{project}}/tables/{{table_name}}` ``. */
function idFormatOf(comment: string): string | undefined {
  const [, format] = /can be imported using [^*]*\* `([^`]+)`/.exec(comment) ?? [];
  return format?.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => `{${camelCase(name)}}`);
}

/** `projects/{project}/topics/{name}` → project, name. */
export function placeholdersOf(idFormat: string): string[] {
  return [...idFormat.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function fieldsOf(declaration: ts.InterfaceDeclaration): Fields {
  return Object.fromEntries(
    propertiesOf(declaration).map(([name, property]) => [name, fieldOf(property)] as const),
  );
}

function propertiesOf({ members }: ts.InterfaceDeclaration): [string, ts.PropertySignature][] {
  return members
    .filter(ts.isPropertySignature)
    .map((property) => [property.name.getText().replaceAll('"', ""), property]);
}

function fieldOf(property: ts.PropertySignature): Field {
  const comment = commentOf(property);
  const shape = property.type === undefined ? ANY : shapeOf(property.type);
  return {
    shape: withValues(shape, comment),
    isRequired: property.questionToken === undefined,
    replaces: REPLACES.test(comment),
  };
}

/** Adds the values that a comment names: ``Possible values are: `A`, `B`.`` */
function withValues(shape: Shape, comment: string): Shape {
  if (shape.kind !== "string" || shape.values !== undefined) return shape;
  const [, named] = /Possible values are: ((?:`[^`]*`(?:, )?)+)\./.exec(comment) ?? [];
  if (named === undefined) return shape;
  return { kind: "string", values: [...named.matchAll(/`([^`]*)`/g)].map(([, value = ""]) => value) };
}

function shapeOf(node: ts.TypeNode): Shape {
  if (ts.isParenthesizedTypeNode(node)) return shapeOf(node.type);
  if (ts.isArrayTypeNode(node)) return { kind: "list", items: shapeOf(node.elementType) };
  if (ts.isUnionTypeNode(node)) return shapeOfUnion(node);
  if (ts.isTypeLiteralNode(node)) return shapeOfMap(node);
  if (ts.isTypeReferenceNode(node)) return shapeOfReference(node);
  return KEYWORDS.get(node.kind) ?? ANY;
}

function shapeOfUnion({ types }: ts.UnionTypeNode): Shape {
  const present = types.filter(({ kind }) => kind !== ts.SyntaxKind.UndefinedKeyword);
  const values = present.flatMap((each) =>
    ts.isLiteralTypeNode(each) && ts.isStringLiteral(each.literal) ? [each.literal.text] : [],
  );
  if (values.length > 0 && values.length === present.length) return { kind: "string", values };
  const shapes = present.map(shapeOf);
  const [first = ANY] = shapes;
  return shapes.every(({ kind }) => kind === first.kind) ? first : ANY;
}

/** `{ [key: string]: T }`. */
function shapeOfMap({ members }: ts.TypeLiteralNode): Shape {
  const [member] = members;
  if (member === undefined || !ts.isIndexSignatureDeclaration(member)) return ANY;
  return { kind: "map", values: shapeOf(member.type) };
}

/** `pulumi.Input<T>`, an asset, or `inputs.{namespace}.{name}`. */
function shapeOfReference({ typeName, typeArguments }: ts.TypeReferenceNode): Shape {
  const name = typeName.getText();
  const [inner] = typeArguments ?? [];
  if (name === "pulumi.Input" && inner !== undefined) return shapeOf(inner);
  if (name.startsWith("pulumi.asset.")) return { kind: "asset" };
  const [root, namespace, type] = name.split(".");
  if (root !== "inputs" || namespace === undefined || type === undefined) return ANY;
  return { kind: "object", fields: fieldsOf(inputInterface(namespace, type)) };
}
