import type { IncomingMessage } from "node:http";
import { httpServer } from "../http-server.ts";
import { FakeStorage } from "./bucket.ts";
import { FakeJobs } from "./jobs.ts";
import { protoError, type Reply } from "./replies.ts";

/** A request as a test looks at it, and as a script may answer it. */
export interface GoogleRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly content: Buffer;
}

/**
 * Dataflow, Cloud Storage and an image registry on loopback, as Google's own clients speak to them. It proves that
 * requests are well-formed and that their answers are understood; not that Dataflow accepts the job.
 */
export class FakeGoogle {
  readonly jobs = new FakeJobs();
  readonly storage = new FakeStorage();
  /** Digests of the images that the registry has. */
  readonly images = new Set<string>();
  readonly requests: GoogleRequest[] = [];
  /** Answers instead of the stand-in where it returns something. */
  script: (request: GoogleRequest) => Reply | undefined = () => undefined;
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Starts it for the running test. */
  static async start(): Promise<FakeGoogle> {
    const started: { google?: FakeGoogle } = {};
    const url = await httpServer((incoming, response) => {
      void read(incoming).then((request) => {
        const { status, body, headers } =
          started.google?.answer(request) ?? protoError(503, "UNAVAILABLE", "not yet");
        const bytes = body instanceof Uint8Array;
        response.writeHead(status, {
          "content-type": bytes ? "application/octet-stream" : "application/json",
          ...headers,
        });
        response.end(request.method === "HEAD" ? undefined : bytes ? body : JSON.stringify(body));
      });
    });
    return (started.google = new FakeGoogle(url));
  }

  /** What a process needs in its environment to find it. */
  get environment(): Record<string, string> {
    return {
      FRESHET_DATAFLOW_ENDPOINT: this.url,
      FRESHET_STORAGE_ENDPOINT: this.url,
      FRESHET_REGISTRY_ENDPOINT: this.url,
    };
  }

  answer(request: GoogleRequest): Reply {
    this.requests.push(request);
    return this.script(request) ?? this.#dispatch(request);
  }

  #dispatch({ method, path, query, content }: GoogleRequest): Reply {
    const json = () =>
      JSON.parse(content.toString()) as { readonly name: string; readonly requestedState?: string };
    const routes: readonly (readonly [string, RegExp, (...groups: string[]) => Reply])[] = [
      ["POST", /^\/v1b3\/projects\/[^/]+\/locations\/[^/]+\/jobs$/, () => this.jobs.create(json())],
      [
        "GET",
        /^\/v1b3\/projects\/[^/]+\/locations\/[^/]+\/jobs$/,
        () => this.jobs.list(query.get("name") ?? ""),
      ],
      ["GET", /\/jobs\/([^/]+)$/, (id) => this.jobs.get(id)],
      ["PUT", /\/jobs\/([^/]+)$/, (id) => this.jobs.update(id, json())],
      ["GET", /\/jobs\/([^/]+)\/messages$/, (id) => this.jobs.messages(id)],
      [
        "POST",
        /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/,
        (bucket) =>
          this.storage.insert(bucket, query.get("name") ?? "", query.get("ifGenerationMatch"), content),
      ],
      ["GET", /^\/storage\/v1\/b\/([^/]+)\/o\/(.+)$/, (bucket, name) => this.storage.read(bucket, name)],
      ["HEAD", /\/manifests\/(.+)$/, (digest) => ({ status: this.images.has(digest) ? 200 : 404, body: {} })],
    ];
    for (const [verb, pattern, reply] of routes) {
      const match = verb === method ? pattern.exec(path) : null;
      if (match) return reply(...match.slice(1).map(decodeURIComponent));
    }
    return protoError(404, "NOT_FOUND", `no route ${method} ${path}`);
  }
}

async function read(incoming: IncomingMessage): Promise<GoogleRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://stand-in");
  return {
    method: incoming.method ?? "",
    path: pathname,
    query: searchParams,
    content: Buffer.concat(chunks),
  };
}
