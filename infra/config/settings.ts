import {
  addressRange,
  bigqueryLocation,
  duration,
  email,
  flag,
  fraction,
  imageByDigest,
  machineType,
  members,
  oneOf,
  orOff,
  projectId,
  type Reader,
  region,
  secretVersion,
  stackName,
  subnetworkPath,
  wholeNumber,
  zones,
} from "./values.ts";

/** A key of the stack's configuration. */
export interface Setting<T> {
  readonly key: string;
  readonly read: Reader<T>;
  /** For the README, and for the message when it is missing. */
  readonly meaning: string;
  /** A value that would do. */
  readonly example: string;
  /** What stands for a key that is left out. */
  readonly fallback:
    | { readonly kind: "required" }
    /** The text, as a person would write it. */
    | { readonly kind: "text"; readonly text: string }
    /** None, or one that follows from others. */
    | { readonly kind: "none"; readonly meaning: string };
}

/** What a setting gives: a `none` fallback leaves the deriving to its reader. */
export type ValueOf<S> = S extends Setting<infer T> ? T : never;

function required<T>(key: string, read: Reader<T>, meaning: string, example: string): Setting<T> {
  return { key, read, meaning, example, fallback: { kind: "required" } };
}

function withDefault<T>(key: string, read: Reader<T>, meaning: string, text: string): Setting<T> {
  return { key, read, meaning, example: text, fallback: { kind: "text", text } };
}

function optional<T>(
  key: string,
  read: Reader<T>,
  meaning: string,
  example: string,
  otherwise: string,
): Setting<T | undefined> {
  return { key, read, meaning, example, fallback: { kind: "none", meaning: otherwise } };
}

const DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const IMAGES = "europe-west1-docker.pkg.dev/my-project/freshet";

/** Every key, in the order of the README's table. */
export const settings = {
  project: required("gcp:project", projectId, "the project to deploy to", "my-project"),
  region: required("gcp:region", region, "where everything runs", "europe-west1"),
  name: withDefault("freshet:name", stackName, "prefix of what is created", "freshet"),
  image: optional(
    "freshet:image",
    imageByDigest,
    "the worker's image by digest",
    `${IMAGES}/worker@${DIGEST}`,
    "no job: everything else is created, so that there is a repository to push to",
  ),
  machineType: withDefault(
    "freshet:machineType",
    machineType,
    "machine type of the workers",
    "n2d-standard-2",
  ),
  maxWorkers: withDefault(
    "freshet:maxWorkers",
    wholeNumber(1, 1_000),
    "where the job's autoscaling ends",
    "3",
  ),
  generation: withDefault(
    "freshet:generation",
    wholeNumber(0, 9_999),
    "the generation that the job writes and the views show",
    "0",
  ),
  oldestGeneration: withDefault(
    "freshet:oldestGeneration",
    wholeNumber(0, 9_999),
    "families of older generations are dropped",
    "0",
  ),
  topicRetention: optional(
    "freshet:topicRetention",
    duration("10m", "31d"),
    "how far back a subscription can be sought; at least the longest window + lateness + 1 h",
    "7d",
    "7d, or what the views need, if that is more",
  ),
  zones: optional(
    "freshet:bigtableZones",
    zones,
    "a Bigtable cluster each; the first serves",
    "europe-west1-b,europe-west1-c",
    "zone b of the region",
  ),
  minNodes: withDefault("freshet:bigtableMinNodes", wholeNumber(1, 500), "nodes of a cluster, at least", "1"),
  maxNodes: withDefault("freshet:bigtableMaxNodes", wholeNumber(1, 500), "nodes of a cluster, at most", "3"),
  cpuTarget: withDefault(
    "freshet:bigtableCpuTarget",
    wholeNumber(10, 80),
    "load in percent that autoscaling aims at",
    "60",
  ),
  backups: withDefault(
    "freshet:bigtableBackups",
    orOff(duration("3d", "90d")),
    "how long Bigtable's daily backups are kept",
    "off",
  ),
  location: optional(
    "freshet:bigqueryLocation",
    bigqueryLocation,
    "where the data set is",
    "EU",
    "the region",
  ),
  offlineRetention: withDefault(
    "freshet:offlineRetention",
    orOff(duration("1d", "3650d")),
    "age at which BigQuery drops days of feature rows",
    "off",
  ),
  archiveRetention: withDefault(
    "freshet:archiveRetention",
    orOff(duration("1d", "3650d")),
    "age at which BigQuery drops days of the raw archive: nothing older can be backfilled",
    "off",
  ),
  kms: withDefault("freshet:kms", flag, "a key of your own for everything that keeps data", "false"),
  subnetwork: optional(
    "freshet:subnetwork",
    subnetworkPath,
    "a subnetwork that is there already, with Private Google Access",
    "projects/my-network/regions/europe-west1/subnetworks/dataflow",
    "a network of its own",
  ),
  subnetRange: withDefault("freshet:subnetRange", addressRange, "addresses of that network", "10.64.0.0/24"),
  nat: withDefault("freshet:nat", flag, "a way to the internet from that network", "false"),
  deletionProtection: withDefault(
    "freshet:deletionProtection",
    flag,
    "refuse to delete what keeps data",
    "true",
  ),
  alertEmail: optional(
    "freshet:alertEmail",
    email,
    "who is told when the pipeline is behind or fails",
    "on-call@example.com",
    "no alerts",
  ),
  serverImage: optional(
    "freshet:serverImage",
    imageByDigest,
    "the feature server's image by digest",
    `${IMAGES}/server@${DIGEST}`,
    "no feature server",
  ),
  serverIngress: withDefault(
    "freshet:serverIngress",
    oneOf("internal", "load-balancer", "all"),
    "from where it is reached: `internal` (networks of the project), `load-balancer` (that, and an external one of yours), `all`",
    "internal",
  ),
  serverCallers: optional(
    "freshet:serverCallers",
    members,
    "who may ask it, as IAM names them, separated by commas",
    "serviceAccount:model@my-project.iam.gserviceaccount.com",
    "who has `roles/run.invoker` already",
  ),
  serverApiKeys: optional(
    "freshet:serverApiKeys",
    secretVersion,
    "a version of a secret with API keys, which then decide in place of IAM",
    "projects/my-project/secrets/freshet-api-keys/versions/1",
    "IAM decides who may ask",
  ),
  serverMinInstances: withDefault(
    "freshet:serverMinInstances",
    wholeNumber(0, 1_000),
    "instances that always run",
    "1",
  ),
  serverMaxInstances: withDefault(
    "freshet:serverMaxInstances",
    wholeNumber(1, 1_000),
    "where its autoscaling ends",
    "10",
  ),
  serverConcurrency: withDefault(
    "freshet:serverConcurrency",
    wholeNumber(1, 600),
    "requests that an instance works on at once; half as many more wait",
    "128",
  ),
  serverDeadline: withDefault(
    "freshet:serverDeadline",
    duration("10ms", "10s"),
    "longest time for an answer",
    "250ms",
  ),
  serverLogVectors: withDefault(
    "freshet:serverLogVectors",
    fraction,
    "part of the requests whose vectors are logged, 0 to 1",
    "0",
  ),
  serverConsole: withDefault(
    "freshet:serverConsole",
    flag,
    "serve the console too, which reads all of the data set",
    "false",
  ),
};

/** What each key gives. */
export type Settings = { readonly [K in keyof typeof settings]: ValueOf<(typeof settings)[K]> };
