import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a scripted server does with a request: an answer, or a connection cut before one. */
export type HttpAction = { readonly status: number; readonly body: unknown } | "cut";

/** A request as a test looks at it. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A real HTTP server on loopback for faults that no emulator makes on demand. */
export interface ScriptedHttp extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly HttpRequest[];
}

/** Starts a server that asks `act` for its answer to each request, numbered from 0. */
export async function scriptedHttp(
  act: (request: HttpRequest, index: number) => HttpAction,
): Promise<ScriptedHttp> {
  const requests: HttpRequest[] = [];
  const server = createServer((incoming, response) => {
    void read(incoming).then((body) => {
      const request = { method: incoming.method ?? "", path: incoming.url ?? "", body };
      const action = act(request, requests.push(request) - 1);
      if (action === "cut") return incoming.socket.destroy();
      response.writeHead(action.status, { "content-type": "application/json" });
      return response.end(JSON.stringify(action.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : JSON.parse(text);
}
