import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { status } from "@grpc/grpc-js";
import type { JSONValue } from "proto3-json-serializer";
import { orInvalid, PubsubError, unimplemented } from "./errors.ts";
import { MAX_REQUEST_BYTES, tooLarge } from "./message.ts";
import { restRouter } from "./rest-routes.ts";
import type { RestCall } from "./rest-routes.ts";
import type { Service } from "./service.ts";

type Answer = (call: RestCall) => Promise<JSONValue>;

const HTTP_STATUS: Partial<Record<status, number>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.FAILED_PRECONDITION]: 400,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.UNIMPLEMENTED]: 501,
};
/** Longer than clients keep idle connections, so that they don't meet a closing one. */
const KEEP_ALIVE_MS = 60_000;
/** base64 takes 4 characters for 3 bytes, and JSON adds its own. */
const MAX_BODY_BYTES = 1.5 * MAX_REQUEST_BYTES;

/**
 * Starts the REST side: the same methods with JSON, as Beam's Java client calls them.
 * @param services by name, like `Publisher`
 * @param port 0 for any free one
 */
export async function startRest(
  services: Readonly<Record<string, Service>>,
  host: string,
  port: number,
): Promise<{ readonly port: number; readonly stop: () => void }> {
  const route = restRouter(Object.keys(services));
  const answer: Answer = async (call) => {
    const match = await orInvalid(() => route(call));
    if (!match) throw new PubsubError(status.NOT_FOUND, `There is no method at ${call.verb} ${call.path}.`);
    const method = services[match.method.service]?.[match.method.name];
    if (!method) throw unimplemented(match.method.name);
    // The method's own codec made the request.
    return match.method.response.toJson(await method(match.request as never));
  };
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => void serve(request, response, answer),
  );
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  try {
    send(response, 200, await answer(await readCall(request)));
  } catch (error) {
    const known = error instanceof PubsubError ? error : new PubsubError(status.INTERNAL, String(error));
    const code = HTTP_STATUS[known.code] ?? 500;
    send(response, code, { error: { code, message: known.message, status: status[known.code] } });
  }
}

async function readCall(request: IncomingMessage): Promise<RestCall> {
  const zipped = request.headers["content-encoding"] === "gzip";
  const bytes = await orInvalid(() => buffer(zipped ? request.pipe(createGunzip()) : request));
  if (bytes.length > MAX_BODY_BYTES) throw tooLarge(bytes.length);
  return orInvalid(() => {
    const url = new URL(request.url ?? "/", "http://localhost");
    return {
      verb: request.method ?? "",
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      body: bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as JSONValue),
    };
  });
}

function send(response: ServerResponse, code: number, body: JSONValue): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(code, {
    "content-type": "application/json; charset=UTF-8",
    "content-length": bytes.length,
  });
  response.end(bytes);
}
