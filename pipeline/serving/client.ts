import { context, propagation } from "@opentelemetry/api";
import type { z } from "zod";
import { FreshetError } from "../core/errors.ts";
import type { FeatureService, Services } from "../define/index.ts";
import type { Nothing } from "../define/types.ts";
import type { ProblemDocument } from "./problem.ts";
import type { KeyFault } from "./read.ts";
import type { FeatureJson, ReadJson, ResultJson } from "./vector-json.ts";

/** Any services: what a client's type argument is, `typeof services`. */
export type AnyServices = Pick<Services, "all">;
type ServiceOf<S extends AnyServices> = S["all"][number];
/** The names of services. */
export type NameOf<S extends AnyServices> = ServiceOf<S>["name"];
type Named<S extends AnyServices, N extends NameOf<S>> = Extract<ServiceOf<S>, FeatureService<N>>;

/** A service's key: `{ user_id: string }`. */
export type KeyOf<S extends AnyServices, N extends NameOf<S>> = Named<S, N>["$key"];
/** A service's vector, a value by each feature's name. */
export type VectorOf<S extends AnyServices, N extends NameOf<S>> = Named<S, N>["$vector"];
/** What a service wants to know of a request. */
export type RequestOf<S extends AnyServices, N extends NameOf<S>> = z.input<Named<S, N>["request"]>;
/** The request may be left out where it may be empty. */
type RequestArgument<S extends AnyServices, N extends NameOf<S>> =
  Nothing extends RequestOf<S, N> ? [request?: RequestOf<S, N>] : [request: RequestOf<S, N>];

/** One key of several: its vector with what there is to know about it, or why there is none. */
export type Result<Vector> =
  | {
      readonly vector: Vector;
      /** Status, staleness and age of each feature. */
      readonly features: { readonly [F in keyof Vector]: FeatureJson };
      readonly error?: undefined;
    }
  | { readonly vector?: undefined; readonly features?: undefined; readonly error: KeyFault };

/** How a server is asked. */
export interface ClientOptions<S extends AnyServices> {
  /** `https://features.example.com` */
  readonly url: string;
  readonly apiKey?: string;
  /** How long an answer is waited for, ms: the server gives up then too. @default the server's own deadline */
  readonly timeoutMs?: number;
  /** The versions that a model was trained on, by service. @default the newest that the server has */
  readonly versions?: { readonly [N in NameOf<S>]?: number };
  /** @default the platform's */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
}

/** Thrown where there is no vector: the server's problem, one key's fault, or no answer at all (`unreachable`). */
export class ReadError extends FreshetError {
  /** HTTP status; of a key's fault 200, where nothing answered 0. */
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  readonly problem: ProblemDocument | undefined;

  constructor(code: string, message: string, status: number, problem?: ProblemDocument, cause?: unknown) {
    super(code, message, { status }, { cause });
    this.status = status;
    this.retryable = status === 0 || status === 429 || status === 503;
    this.problem = problem;
  }
}

/** A feature server, asked in the types of its services. */
export interface FeatureClient<S extends AnyServices> {
  /**
   * The vector of one key.
   *
   *     const { purchase_count_1h, above_max } = await client.read("fraud", { user_id }, { amount_usd: 12.5 });
   *
   * @throws ReadError
   */
  read<const N extends NameOf<S>>(
    service: N,
    key: KeyOf<S, N>,
    ...request: RequestArgument<S, N>
  ): Promise<VectorOf<S, N>>;
  /**
   * The vectors of many keys, in their order; each may fail alone.
   * @throws ReadError where the request as a whole failed
   */
  readMany<const N extends NameOf<S>>(
    service: N,
    keys: readonly KeyOf<S, N>[],
    ...request: RequestArgument<S, N>
  ): Promise<readonly Result<VectorOf<S, N>>[]>;
}

/** How much longer than the server the client waits, ms: the way there and back. */
const TRAVEL_MS = 100;

/**
 * Makes a client. It needs the types of the services only, and none of their code.
 *
 *     const client = featureClient<typeof services>({ url: "http://127.0.0.1:8080" });
 */
export function featureClient<S extends AnyServices>(options: ClientOptions<S>): FeatureClient<S> {
  const { url, apiKey, timeoutMs, fetch = (request: Request) => globalThis.fetch(request) } = options;
  const versions: Readonly<Record<string, number | undefined>> = options.versions ?? {};

  async function post(service: string, keys: readonly unknown[], request: unknown): Promise<ReadJson> {
    const version = versions[service];
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      ...(apiKey !== undefined && { Authorization: `Bearer ${apiKey}` }),
      ...(timeoutMs !== undefined && { "Freshet-Timeout-Ms": String(timeoutMs) }),
    };
    // Where the caller's process has OpenTelemetry's SDK, the server's spans become part of the caller's trace.
    propagation.inject(context.active(), headers);
    const name = version === undefined ? service : `${service}@${String(version)}`;
    const answer = await answered(
      fetch,
      new Request(new URL(`/v1/services/${name}:read`, url), {
        method: "POST",
        headers,
        body: JSON.stringify({ keys, ...(request !== undefined && { request }) }),
        ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs + TRAVEL_MS) }),
      }),
    );
    return answer as ReadJson;
  }

  return {
    async read(service, key, ...[request]) {
      const { results } = await post(service, [key], request);
      const [result] = results;
      if (result?.features !== undefined) return vectorOf(result.features);
      const { code, detail } = result?.error ?? { code: "no_result", detail: "the server gave no result" };
      throw new ReadError(code, `${service}: ${detail}`, 200);
    },
    async readMany(service, keys, ...[request]) {
      const { results } = await post(service, keys, request);
      return results.map(resultOf) as never;
    },
  };
}

async function answered(
  fetch: NonNullable<ClientOptions<AnyServices>["fetch"]>,
  request: Request,
): Promise<unknown> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(request);
    body = await response.json();
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new ReadError(
      "unreachable",
      `no answer from ${request.url}: ${String(cause)}`,
      0,
      undefined,
      error,
    );
  }
  if (response.ok) return body;
  const problem = body as ProblemDocument;
  throw new ReadError(problem.code, `${problem.title}: ${problem.detail}`, response.status, problem);
}

function resultOf({ features, error }: ResultJson): Result<unknown> {
  return features === undefined ? { error } : { vector: vectorOf(features), features: features };
}

function vectorOf(features: Readonly<Record<string, FeatureJson>>): unknown {
  return Object.fromEntries(Object.entries(features).map(([name, { value }]) => [name, value]));
}
