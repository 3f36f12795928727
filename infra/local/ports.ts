import { createServer, type AddressInfo } from "node:net";
import { StackError } from "./errors.ts";

/** The stack listens here and nowhere else. */
export const LOOPBACK = "127.0.0.1";

/**
 * A port to listen on: the wanted one if it is free, or any for 0. It is free now; another process may take it before
 * it is used.
 * @throws StackError `port_in_use`
 */
export async function claimPort(part: string, wanted = 0): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: LOOPBACK, port: wanted, exclusive: true }, resolve);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "is in use" : `can't be listened on (${code ?? String(error)})`;
    throw new StackError(
      "port_in_use",
      `Port ${wanted} for ${part} ${why}: stop what uses it, or choose another port (0 takes any free one).`,
      { part, port: wanted },
    );
  }
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A port of each service of the stack; all are on loopback. */
export interface StackPorts {
  readonly pubsubGrpc: number;
  readonly pubsubRest: number;
  readonly bigtable: number;
  readonly bigquery: number;
  readonly bigqueryGrpc: number;
  readonly jobService: number;
  readonly expansion: number;
}

const SERVICES: Readonly<Record<keyof StackPorts, string>> = {
  pubsubGrpc: "Pub/Sub (gRPC)",
  pubsubRest: "Pub/Sub (REST)",
  bigtable: "Bigtable",
  bigquery: "BigQuery",
  bigqueryGrpc: "BigQuery (gRPC)",
  jobService: "the job service",
  expansion: "the expansion service",
};

/**
 * A port for every service, so that each part can be told of the others before they run, and finds its own again when
 * it is restarted.
 * @throws StackError `port_in_use`
 */
export async function claimPorts(wanted: Partial<StackPorts>): Promise<StackPorts> {
  const names = Object.keys(SERVICES) as (keyof StackPorts)[];
  const claimed = await Promise.all(
    names.map(async (name) => [name, await claimPort(SERVICES[name], wanted[name])] as const),
  );
  return Object.fromEntries(claimed) as unknown as StackPorts;
}
