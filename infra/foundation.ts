import type * as pulumi from "@pulumi/pulumi";
import { Account } from "./components/account.ts";
import { Apis } from "./components/apis.ts";
import type { Placement } from "./components/component.ts";
import { Encryption } from "./components/encryption.ts";
import { Network } from "./components/network.ts";
import { ServiceAgents } from "./components/service-agents.ts";
import type { StackConfig } from "./config.ts";
import type { Names } from "./names.ts";

/** What everything else stands on. */
export interface Foundation {
  /** What every part with resources of Google's is given: where, labels, protection, key, and whose it is. */
  readonly placement: Placement & {
    /** The workers' account, as a member. */
    readonly worker: pulumi.Input<string>;
    /** The feature server's account, as a member; `undefined` where there is none. */
    readonly server: pulumi.Input<string> | undefined;
  };
  /** Pub/Sub's own account, as a member. */
  readonly pubsub: pulumi.Input<string>;
  /** APIs and keys: nothing can be made before they are there. */
  readonly ready: readonly pulumi.Resource[];
  /** What workers need beside the stores. */
  readonly forWorkers: readonly pulumi.Resource[];
}

/** APIs, accounts, and where the stack asks for them a key and a network. */
export function foundation(config: StackConfig, names: Names): Foundation {
  const { project, region, kms } = config;
  const serves = config.serverImage !== undefined;
  const secrets = serves && config.serverApiKeys !== undefined;
  const apis = new Apis("apis", { project, kms, serves, secrets });
  const enabled = { dependsOn: [apis] };
  const agents = new ServiceAgents("service-agents", { project, kms, serves }, enabled);
  const account = workerAccount(config, names, enabled);
  const server = serves ? serverAccount(config, names, enabled) : undefined;
  const placement = placementOf(config, names);
  const { keyRing, key } = names;
  const keys = kms
    ? [new Encryption("encryption", { ...placement, keyRing, key, users: agents.encrypting }, enabled)]
    : [];
  const own = { project, region, name: names.network, range: config.subnetRange, nat: config.nat };
  const networks = config.subnetwork === undefined ? [new Network("network", own, enabled)] : [];
  return {
    placement: { ...placement, worker: account.member, server: server?.member },
    pubsub: agents.pubsub,
    ready: [apis, ...keys],
    forWorkers: [account, ...networks],
  };
}

function workerAccount(
  { project }: StackConfig,
  { workerAccount: accountId }: Names,
  opts: pulumi.ComponentResourceOptions,
): Account {
  // Work items, logs and metrics of a job belong to the project.
  const projectRoles = ["roles/dataflow.worker"];
  return new Account("worker", { project, accountId, displayName: "Freshet's workers", projectRoles }, opts);
}

function serverAccount(
  { project, serverConsole }: StackConfig,
  { serverAccount: accountId }: Names,
  opts: pulumi.ComponentResourceOptions,
): Account {
  // A query is a job of the project's. The server itself only appends, which is none.
  const projectRoles = serverConsole ? ["roles/bigquery.jobUser"] : [];
  return new Account("server", { project, accountId, displayName: "Freshet's server", projectRoles }, opts);
}

function placementOf(config: StackConfig, { kmsKey }: Names): Placement {
  const { project, region, deletionProtection, name, stack } = config;
  const labels = { app: name, stack: labelOf(stack), managed_by: "pulumi" };
  return { project, region, deletionProtection, kmsKey, labels };
}

/** A stack's name as a label's value: small letters, digits, dashes; 63 of them at most. */
function labelOf(stack: string): string {
  return stack
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .slice(0, 63);
}
