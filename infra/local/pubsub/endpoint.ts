import { exportToBigQuery } from "./bigquery-subscription.ts";
import { Broker } from "./broker.ts";
import { startGrpc } from "./grpc-server.ts";
import { publisherService } from "./publisher-service.ts";
import { startRest } from "./rest-server.ts";
import { schemaService } from "./schema-service.ts";
import type { Service } from "./service.ts";
import { subscriberService } from "./subscriber-service.ts";

export interface EndpointOptions {
  /** @default 0, any free port */
  readonly grpcPort?: number;
  /** @default 0, any free port */
  readonly restPort?: number;
  /** Where BigQuery subscriptions write: the root of its REST API, like `http://127.0.0.1:9050`. */
  readonly bigquery?: string;
  /** Where topics, subscriptions and messages outlive the process; in memory only without. */
  readonly dataDirectory?: string;
  /** Takes a line for a person. @default says nothing */
  readonly log?: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A running endpoint. Addresses are `host:port`. */
export interface Endpoint {
  readonly grpc: string;
  readonly rest: string;
  readonly close: () => void;
}

/** The endpoint has no access control, so nobody but this machine may reach it. */
const HOST = "127.0.0.1";

/**
 * Starts a Pub/Sub endpoint in this process: gRPC as Google's clients speak it, REST as Beam's Java client does.
 * Not here, and refused with UNIMPLEMENTED: push, Cloud Storage and Bigtable subscriptions, exactly-once delivery,
 * snapshots, message transforms, schemas other than Avro, access control.
 * @throws Error when a port is taken or the data directory can't be used; nothing is left running then
 */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { grpcPort = 0, restPort = 0, bigquery, dataDirectory, log = () => {}, now } = options;
  const stopped = new AbortController();
  const broker = new Broker({ now, ...(dataDirectory === undefined ? {} : { directory: dataDirectory }) });
  const services: Record<string, Service> = {
    Publisher: publisherService(broker),
    Subscriber: subscriberService(broker, { bigquery: bigquery !== undefined }),
    SchemaService: schemaService(broker),
  };
  const rest = await startRest(services, HOST, restPort).catch((error: unknown) => {
    broker.close();
    throw error;
  });
  const grpc = await startGrpc(broker, services, HOST, grpcPort).catch((error: unknown) => {
    rest.stop();
    broker.close();
    throw error;
  });
  if (bigquery !== undefined) {
    broker.onSubscription((entry) => {
      if (entry.config.bigqueryConfig)
        exportToBigQuery(broker, entry, { bigquery, signal: stopped.signal, log });
    });
  }
  return {
    grpc: `${HOST}:${grpc.port}`,
    rest: `${HOST}:${rest.port}`,
    close: () => {
      stopped.abort();
      rest.stop();
      grpc.stop();
      broker.close();
    },
  };
}
