import type { Setting } from "../config/settings.ts";
import type { DeclaredResource } from "../declared-resources.ts";

/*
 * What the README says of a deployment, from what the program declares: parts and their resources, who may do what,
 * and the keys of the configuration.
 */

/** What each part is for, in the order of a deployment. */
const PURPOSES: Readonly<Record<string, string>> = {
  apis: "stay enabled after a teardown",
  "service-agents": "as whom Google's services act",
  worker: "as whom workers run",
  server: "`freshet:serverImage`: the feature server, and as whom it runs",
  encryption: "`freshet:kms`",
  network: "private; not with `freshet:subnetwork`",
  images: "images of workers and server",
  staging: "graphs, templates, temporary files",
  online: "an entity's table, a view's family",
  offline: "history, other events, raw archive",
  events: "contract, topics, subscriptions",
  dashboard: "a page of Monitoring",
  alerts: "`freshet:alertEmail`",
  pipeline: "the job; needs `freshet:image`",
};

/** A type without its provider: `gcp:pubsub/topic:Topic` gives `pubsub.Topic`. */
export function shortType(type: string): string {
  return type.replace(/^gcp:([^/]+)\/[^:]+:/, "$1.").replace(/^(freshet:infra|pulumi:index):/, "");
}

/** Parts with their resources, a row for each type. Roles have a table of their own. */
export function resourceTable(resources: readonly DeclaredResource[]): string {
  const rows = Object.entries(PURPOSES).flatMap(([part, purpose]) => {
    const own = resources.filter((resource) => resource.part === part && roleOf(resource) === undefined);
    const byType = Map.groupBy(own, ({ type }) => shortType(type));
    const kinds = [...byType].map(([type, all]) => [type, namesIn(all)]).sort(byText);
    return kinds.map((kind, i) => [...(i === 0 ? [part, purpose] : ["", ""]), ...kind]);
  });
  return table(["part", "for", "resource", "which"], rows);
}

/** Every role that is given: to whom, and on what. */
export function roleTable(resources: readonly DeclaredResource[]): string {
  const grants = resources.flatMap((resource) => roleOf(resource) ?? []);
  const byRole = Map.groupBy(grants, ({ who, role, kind }) => [who, `\`${role}\``, kind].join("\n"));
  const rows = [...byRole].map(([key, all]) => [
    ...key.split("\n"),
    all
      .map(({ on }) => on)
      .sort()
      .join(", "),
  ]);
  return table(["who", "role", "on", "which"], rows.sort(byText));
}

/** The keys of a stack's configuration. */
export function settingsTable(settings: readonly Setting<unknown>[]): string {
  const rows = settings.map(({ key, meaning, fallback }) => [`\`${key}\``, meaning, fallbackText(fallback)]);
  return table(["key", "what it is", "left out"], rows);
}

function fallbackText(fallback: Setting<unknown>["fallback"]): string {
  switch (fallback.kind) {
    case "required":
      return "an error";
    case "text":
      return `\`${fallback.text}\``;
    case "none":
      return fallback.meaning;
  }
}

interface Grant {
  readonly who: string;
  readonly role: string;
  /** The kind of thing that it is given on. */
  readonly kind: string;
  /** Which one; of the one key, the service whose agent may use it. */
  readonly on: string;
}

/** Where a grant's inputs say what it is on, by its type. */
const PLACES: Readonly<Record<string, readonly [kind: string, input: string]>> = {
  "projects.IAMMember": ["project", "project"],
  "storage.BucketIAMMember": ["bucket", "bucket"],
  "artifactregistry.RepositoryIamMember": ["repository", "repository"],
  "bigtable.TableIamMember": ["Bigtable table", "table"],
  "bigquery.IamMember": ["BigQuery table", "tableId"],
  "bigquery.DatasetIamMember": ["data set", "datasetId"],
  "cloudrunv2.ServiceIamMember": ["service", "name"],
  "secretmanager.SecretIamMember": ["secret", "secretId"],
  "pubsub.TopicIAMMember": ["topic", "topic"],
  "pubsub.SubscriptionIAMMember": ["subscription", "subscription"],
  "kms.CryptoKeyIAMMember": ["key", "cryptoKeyId"],
};

/** What a resource grants, or `undefined` when it is none that grants. */
export function roleOf({ type, name, inputs }: DeclaredResource): Grant | undefined {
  const place = PLACES[shortType(type)];
  if (place === undefined) return undefined;
  const [kind, input] = place;
  const text = (key: string) => String(inputs[key]);
  const who = whoIs(text("member"), text("role"));
  return { who, role: text("role"), kind, on: kind === "key" ? name : text(input) };
}

function whoIs(member: string, role: string): string {
  if (role === "roles/run.invoker") return "`freshet:serverCallers`";
  if (member.includes("-worker@")) return "workers";
  return member.includes("-server@") ? "the server" : "a service agent";
}

function namesIn(resources: readonly DeclaredResource[]): string {
  return resources
    .map(({ name }) => name)
    .sort()
    .join(", ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function byText(a: readonly string[], b: readonly string[]): number {
  return a.join(" ").localeCompare(b.join(" "), "en");
}
