import { BigQuery } from "@google-cloud/bigquery";
import { Bigtable } from "@google-cloud/bigtable";
import { v1 } from "@google-cloud/pubsub";
import { credentials } from "@grpc/grpc-js";
import { PassThroughClient } from "google-auth-library";
import type { StoreEndpoints } from "./endpoints.ts";
import { StoreConfigError } from "./errors.ts";

/**
 * Clients are shared by everything in the process that speaks to one endpoint, so that two sinks of a bundle use
 * one pool of connections. They live until `closeClients`.
 */
const bigtables = new Map<string, Bigtable>();
const bigqueries = new Map<string, BigQuery>();
const publishers = new Map<string, v1.PublisherClient>();
const subscribers = new Map<string, v1.SubscriberClient>();

/** Without a client that asks for nothing, the libraries look for credentials even where an emulator needs none. */
const noCredentials = () => ({ authClient: new PassThroughClient() });

/**
 * The Bigtable client of an endpoint. Its own retries and metrics export stay unused: see `retry.ts`.
 * @param [connection] another name is another connection
 */
export function bigtableClient({ project, bigtable }: StoreEndpoints, connection = ""): Bigtable {
  const { emulatorHost, appProfile } = bigtable;
  return shared(bigtables, `${project} ${appProfile ?? ""} ${emulatorHost ?? ""} ${connection}`, () => {
    const options = {
      projectId: project,
      metricsEnabled: false,
      // gRPC's pool would give all clients of one address the same connection.
      ...(connection !== "" && { "grpc.use_local_subchannel_pool": 1 }),
      ...(appProfile !== undefined && { appProfileId: appProfile }),
    };
    if (emulatorHost === undefined) return new Bigtable(options);
    hostAndPort("Bigtable", emulatorHost);
    return new Bigtable({
      ...options,
      apiEndpoint: emulatorHost,
      ...noCredentials(),
    });
  });
}

/** The BigQuery client of an endpoint, without retries of its own. */
export function bigqueryClient({ project, bigquery: { apiEndpoint, location } }: StoreEndpoints): BigQuery {
  return shared(bigqueries, `${project} ${apiEndpoint ?? ""} ${location ?? ""}`, () => {
    const options = { projectId: project, autoRetry: false, ...(location !== undefined && { location }) };
    if (apiEndpoint === undefined) return new BigQuery(options);
    if (!URL.canParse(apiEndpoint)) {
      throw new StoreConfigError(
        `the BigQuery endpoint is "${apiEndpoint}" but must be a URL like http://localhost:9050`,
        {
          store: "BigQuery",
          target: apiEndpoint,
        },
      );
    }
    return new BigQuery({ ...options, apiEndpoint, ...noCredentials() });
  });
}

/** Pub/Sub's publisher as generated from the API: one request a call, so that batching and retries are ours. */
export function publisherClient(endpoints: StoreEndpoints): v1.PublisherClient {
  return shared(publishers, pubsubKey(endpoints), () => new v1.PublisherClient(pubsubOptions(endpoints)));
}

/** Pub/Sub's subscriber as generated from the API. */
export function subscriberClient(endpoints: StoreEndpoints): v1.SubscriberClient {
  return shared(subscribers, pubsubKey(endpoints), () => new v1.SubscriberClient(pubsubOptions(endpoints)));
}

/** Closes every client of the process; the next use makes new ones. */
export async function closeClients(): Promise<void> {
  const closing = [
    ...[...bigtables.values()].map((c) => c.close()),
    ...[...publishers.values(), ...subscribers.values()].map((c) => c.close()),
  ];
  for (const clients of [bigtables, bigqueries, publishers, subscribers]) clients.clear();
  await Promise.all(closing);
}

function shared<T>(clients: Map<string, T>, key: string, make: () => T): T {
  let client = clients.get(key);
  if (client === undefined) clients.set(key, (client = make()));
  return client;
}

const pubsubKey = ({ project, pubsub }: StoreEndpoints) => `${project} ${pubsub.emulatorHost ?? ""}`;

function pubsubOptions({ project, pubsub: { emulatorHost } }: StoreEndpoints) {
  if (emulatorHost === undefined) return { projectId: project };
  const { host, port } = hostAndPort("Pub/Sub", emulatorHost);
  const sslCreds = credentials.createInsecure();
  return { projectId: project, servicePath: host, port, sslCreds, ...noCredentials() };
}

function hostAndPort(store: string, address: string): { host: string; port: number } {
  const match = /^([^:/\s]+):(\d{1,5})$/.exec(address);
  if (match?.[1] === undefined) {
    throw new StoreConfigError(`the ${store} emulator's address is "${address}" but must be host:port`, {
      store,
      target: address,
    });
  }
  return { host: match[1], port: Number(match[2]) };
}
