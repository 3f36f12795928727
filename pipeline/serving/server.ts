import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { FreshetError } from "../core/errors.ts";

/** Thrown when the server can't listen: the address is taken, or none of this machine. */
export class ListenError extends FreshetError {
  constructor(host: string, port: number, cause: Error) {
    const message = `the feature server can't listen on ${host}:${String(port)}: ${cause.message}; choose another --port or --host`;
    super("cannot_listen", message, { host, port }, { cause });
  }
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port` */
  readonly url: string;
  /**
   * Takes no new connection, lets requests under way end, and closes.
   * @param graceMs how long they may take; then their connections are closed
   */
  stop(graceMs: number): Promise<void>;
}

/** A head that takes longer is no client's that means well. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than the idle time of Google's load balancers, which would otherwise meet a connection that just closed. */
const KEEP_ALIVE_MS = 620_000;

/**
 * Listens.
 * @param port 0: a free one
 * @throws ListenError
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  host: string,
  port: number,
): Promise<RunningServer> {
  let stopping = false;
  const answer = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    // Or a connection that is kept alive would keep the server alive.
    if (stopping) response.headers.set("Connection", "close");
    return response;
  };
  const server = await new Promise<Server>((resolve, reject) => {
    const made = serve(
      {
        fetch: answer,
        hostname: host,
        port,
        serverOptions: {
          headersTimeout: HEADERS_TIMEOUT_MS,
          requestTimeout: REQUEST_TIMEOUT_MS,
          keepAliveTimeout: KEEP_ALIVE_MS,
        },
      },
      () => resolve(made as Server),
    );
    made.once("error", (error: Error) => reject(new ListenError(host, port, error)));
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${String(bound)}`,
    async stop(graceMs) {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
