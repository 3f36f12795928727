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

/**
 * Starts a server that asks `act` for its answer to each request, numbered from 0.
 * @param target URL of the service that gets the requests for which `act` gives nothing
 */
export async function scriptedHttp(
  act: (request: HttpRequest, index: number) => HttpAction | undefined,
  target?: string,
): Promise<ScriptedHttp> {
  const requests: HttpRequest[] = [];
  const server = createServer((incoming, response) => {
    const answer = async () => {
      const request = { method: incoming.method ?? "", path: incoming.url ?? "", body: await read(incoming) };
      const index = requests.push(request) - 1;
      const action = act(request, index) ?? (target === undefined ? "cut" : await ask(target, request));
      if (action === "cut") return incoming.socket.destroy();
      response.writeHead(action.status, { "content-type": "application/json" });
      return response.end(JSON.stringify(action.body));
    };
    answer().catch(() => incoming.socket.destroy()); // the connection broke, or the test is wrong
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

/** What the service behind it answers; a service that can't be reached cuts the connection. */
async function ask(target: string, { method, path, body }: HttpRequest): Promise<HttpAction> {
  try {
    const answer = await fetch(new URL(path, target), {
      method,
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  } catch {
    return "cut";
  }
}

async function read(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : JSON.parse(text);
}
