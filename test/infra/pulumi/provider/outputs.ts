import { placeholdersOf } from "../schema/derive.ts";
import type { ResourceSchema } from "../schema/shape.ts";
import { canonical, type Properties, unwrapped } from "./wire.ts";

const PROJECT_NUMBER = "123456789012";

/** The id that Google's API would give, or one made of what tells the resource from others of its type. */
export function idOf({ type, inputs, idFormat }: ResourceSchema, given: Properties): string {
  const names = idFormat === undefined ? [] : placeholdersOf(idFormat);
  const values = names.map((name) => unwrapped(given[name]));
  if (idFormat !== undefined && values.every((value) => typeof value === "string")) {
    return names.reduce((id, name, i) => id.replace(`{${name}}`, String(values[i])), idFormat);
  }
  const address = Object.keys(inputs).filter((name) => inputs[name]?.replaces && given[name] !== undefined);
  const [, , kind = type] = type.split(":");
  // what no input names, Google's API names itself: two of them are two
  const own = names.some((name) => inputs[name] === undefined) ? [textOf(given["displayName"] ?? "")] : [];
  return [kind, ...address.map((name) => textOf(given[name])), ...own].join("/");
}

/** The inputs, and what Google's API adds to them. */
export function outputsOf(schema: ResourceSchema, id: string, given: Properties): Properties {
  const added = Object.fromEntries(
    schema.outputs.map((name) => [name, KNOWN[name]?.(given) ?? `${name} of ${id}`]),
  );
  return { ...added, ...given };
}

/** What the provider answers when the program looks something up. @throws Error for a function that isn't known here */
export function lookUp(token: string, args: Properties): Properties {
  const project = textOf(args["project"] ?? args["projectId"] ?? "");
  const agent = AGENTS[token];
  if (agent !== undefined) {
    const email = agent(project);
    return { id: email, project, email, emailAddress: email, member: `serviceAccount:${email}` };
  }
  if (token === "gcp:organizations/getProject:getProject") {
    return { id: `projects/${project}`, projectId: project, number: PROJECT_NUMBER, name: project };
  }
  throw new Error(`the provider for tests doesn't know the function ${token}`);
}

/** Outputs that programs build names and grants of. */
const KNOWN: Readonly<Record<string, (given: Properties) => string>> = {
  email: emailOf,
  member: (given) => `serviceAccount:${emailOf(given)}`,
  number: () => PROJECT_NUMBER,
  outputName: ({ name }) => textOf(name),
};

/** Service agents: accounts that Google's services act by. */
const AGENTS: Readonly<Record<string, (project: string) => string>> = {
  "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": () =>
    `service-${PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com`,
  "gcp:bigquery/getDefaultServiceAccount:getDefaultServiceAccount": () =>
    `bq-${PROJECT_NUMBER}@bigquery-encryption.iam.gserviceaccount.com`,
};

function emailOf({ accountId, service, project }: Properties): string {
  return service === undefined
    ? `${textOf(accountId)}@${textOf(project)}.iam.gserviceaccount.com`
    : `service-${PROJECT_NUMBER}@${textOf(service).replace(/\..*/, "")}.iam.gserviceaccount.com`;
}

function textOf(wrapped: unknown): string {
  const value = unwrapped(wrapped);
  return typeof value === "string" ? value : canonical(value ?? "");
}
