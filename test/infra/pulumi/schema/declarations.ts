import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import ts from "typescript";

/*
 * The type declarations of @pulumi/gcp, read as text: what a resource takes is an interface `{Class}Args` in a file that
 * its type token names, and what that mentions is in one file of 6 MB, of which only the namespace asked for is parsed.
 */

const MANIFEST = createRequire(import.meta.url).resolve("@pulumi/gcp/package.json");
const FOLDER = path.dirname(MANIFEST);

/** The version of @pulumi/gcp that is installed. */
export const GCP_VERSION = (JSON.parse(readFileSync(MANIFEST, "utf8")) as { version: string }).version;

/** Thrown where the declarations have no such type of resource. */
export class UnknownTypeError extends Error {
  readonly code = "unknown_type";
  readonly type: string;

  constructor(type: string) {
    super(`@pulumi/gcp ${GCP_VERSION} declares no resource of type ${type}`);
    this.type = type;
  }
}

/** What is declared of one type of resource. */
export interface Declared {
  readonly args: ts.InterfaceDeclaration;
  readonly resource: ts.ClassDeclaration;
}

/**
 * The declarations of a resource.
 * @param type a token `gcp:{folder}/{file}:{Class}`; file names differ from it in case
 * @throws UnknownTypeError
 */
export function declarationsOf(type: string): Declared {
  const [, folder = "", file = "", name = ""] = /^gcp:(\w+)\/(\w+):(\w+)$/.exec(type) ?? [];
  const wanted = `${file}.d.ts`.toLowerCase();
  const found = filesOf(path.join(FOLDER, folder)).find((each) => each.toLowerCase() === wanted);
  if (folder === "" || found === undefined) throw new UnknownTypeError(type);
  const { statements } = parse(readFileSync(path.join(FOLDER, folder, found), "utf8"));
  const args = interfaceOf(statements, `${name}Args`);
  const resource = statements.filter(ts.isClassDeclaration).find((each) => each.name?.text === name);
  if (args === undefined || resource === undefined) throw new UnknownTypeError(type);
  return { args, resource };
}

let inputTypes: string | undefined;
const namespaces = new Map<string, readonly ts.Statement[]>();

/** The interface that `inputs.{namespace}.{name}` means. */
export function inputInterface(namespace: string, name: string): ts.InterfaceDeclaration {
  let statements = namespaces.get(namespace);
  if (statements === undefined) {
    inputTypes ??= readFileSync(path.join(FOLDER, "types", "input.d.ts"), "utf8");
    const start = inputTypes.indexOf(`\nexport declare namespace ${namespace} {\n`);
    const text = inputTypes.slice(start, inputTypes.indexOf("\n}\n", start) + 2);
    const [block] = parse(start < 0 ? "" : text).statements;
    const body = block !== undefined && ts.isModuleDeclaration(block) ? block.body : undefined;
    statements = body !== undefined && ts.isModuleBlock(body) ? body.statements : [];
    namespaces.set(namespace, statements);
  }
  const found = interfaceOf(statements, name);
  if (found === undefined) throw new UnknownTypeError(`inputs.${namespace}.${name}`);
  return found;
}

/** The text of the comment on a declaration, without its stars and line ends. */
export function commentOf(node: ts.Node): string {
  const text = node.getSourceFile().text;
  return (ts.getLeadingCommentRanges(text, node.pos) ?? [])
    .map(({ pos, end }) => text.slice(pos, end))
    .join("\n")
    .replaceAll(/^\s*(\/\*\*|\*\/|\*)\s?/gm, "")
    .replaceAll(/\s+/g, " ");
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile("declarations.d.ts", text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function interfaceOf(statements: readonly ts.Statement[], name: string): ts.InterfaceDeclaration | undefined {
  return statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name);
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
