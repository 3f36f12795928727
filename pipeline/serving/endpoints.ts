import type { Context } from "hono";
import type { z } from "zod";
import { answerJson } from "../core/answer-json.ts";
import { messageOf } from "../core/error-message.ts";
import type { FeatureService } from "../define/index.ts";
import { Admission } from "./admission.ts";
import type { AppOptions, RequestContext } from "./app-options.ts";
import { jsonBody } from "./body.ts";
import { check, keySchema, type ReadRequest, readSchema } from "./contract.ts";
import { Deadline } from "./deadline.ts";
import { hedged, type HedgeOutcome } from "./hedge.ts";
import { type ServerMetrics, serverMetrics } from "./metrics.ts";
import { serviceNamed, viewNamed } from "./named.ts";
import { lastKnown, Problem, RETRY_AFTER } from "./problem.ts";
import { Reader } from "./read.ts";
import { sharedReads } from "./shared-reads.ts";
import { readJson } from "./vector-json.ts";
import type { VectorLog } from "./vector-log.ts";

/** The request header that names a deadline. */
export const TIMEOUT_HEADER = "Freshet-Timeout-Ms";

/** Of a request to the store. A guess so far, not a measurement. */
const KEYS_A_REQUEST = 50;

/** What the server's paths do. */
export class Endpoints {
  readonly metrics: ServerMetrics;
  readonly #options: AppOptions;
  readonly #reader: Reader;
  readonly #admission: Admission;
  readonly #vectorLog: VectorLog | undefined;
  readonly #schemas: ReadonlyMap<FeatureService, z.ZodType<ReadRequest>>;

  constructor(options: AppOptions) {
    const { services, store, heartbeats, admission, limits, log } = options;
    this.#options = options;
    this.#admission = new Admission(admission);
    this.metrics = serverMetrics(
      {
        active: () => this.#admission.active,
        waiting: () => this.#admission.waiting,
        lagSeconds: () => this.#lags(),
      },
      options.processMetrics ?? false,
    );
    const { hedge } = options;
    const onOutcome = (outcome: HedgeOutcome) => this.metrics.hedgedReads.inc({ outcome });
    const asked = hedge === undefined ? store : hedged(store, hedge.second, { ...hedge, onOutcome });
    const shared = sharedReads(asked, {
      keysARequest: KEYS_A_REQUEST,
      onRequest: (entity, ms) => this.metrics.storeReadSeconds.observe({ entity }, ms / 1000),
    });
    this.#reader = new Reader(shared, heartbeats, {
      keysARequest: KEYS_A_REQUEST,
      onStoreFailure: (error) => log.warning(messageOf(error)),
    });
    this.#vectorLog = options.vectorLog?.((outcome, rows) =>
      this.metrics.loggedVectors.inc({ outcome }, rows),
    );
    this.#schemas = new Map(services.all.map((service) => [service, readSchema(service, limits.keys)]));
  }

  /** `POST /v1/services/{name}:read` */
  async read(c: Context<RequestContext>): Promise<Response> {
    c.set("route", "/v1/services/{name}:read");
    const { services, limits, now } = this.#options;
    const service = serviceNamed(services, (c.req.param("call") ?? "").slice(0, -":read".length));
    c.set("service", service.name);
    const deadline = this.#deadline(c);
    const schema = this.#schemas.get(service) as z.ZodType<ReadRequest>;
    const { keys, request } = check(schema, await jsonBody(c.req.raw, limits.bodyBytes));
    const { results, atMs } = await this.#admission.run(deadline, async () => {
      const atMs = now();
      return { atMs, results: await this.#reader.vectors(service.plan, keys, request, atMs, deadline) };
    });
    const { metrics } = this;
    metrics.keys.inc({ service: service.name }, keys.length);
    for (const { fault, features } of results) {
      if (fault !== undefined) metrics.keyFaults.inc({ service: service.name, code: fault.code });
      else if (features.some(({ stale }) => stale)) metrics.staleVectors.inc({ service: service.name });
    }
    const answer = readJson(service, keys, results, atMs);
    this.#vectorLog?.add({ answer, request, requestId: c.var.requestId, caller: c.var.caller });
    return c.json(answer);
  }

  /** `GET /v1/views/{name}/keys/{key}` */
  async view(c: Context<RequestContext>): Promise<Response> {
    c.set("route", "/v1/views/{name}/keys/{key}");
    const { services, now } = this.#options;
    const plan = viewNamed(services, c.req.param("view") ?? "");
    const deadline = this.#deadline(c);
    const key = check(keySchema, lastSegment(c.req.url));
    const { read, atMs } = await this.#admission.run(deadline, async () => {
      const atMs = now();
      return { atMs, read: await this.#reader.answers([plan], [key], atMs, deadline) };
    });
    const [ofKey] = read;
    if (ofKey === undefined || "code" in ofKey) {
      throw new Problem("store_unavailable", ofKey?.detail ?? "", {}, RETRY_AFTER);
    }
    const [answer] = ofKey;
    if (answer === undefined) throw new TypeError("a view without an answer");
    return c.json(answerJson(plan, key, atMs, answer));
  }

  /** `GET /readyz`: whether requests should be sent here. */
  ready(c: Context<RequestContext>): Response {
    const { heartbeats, draining, services } = this.#options;
    if (draining?.()) throw new Problem("draining", "no new requests should be sent here");
    if (!heartbeats.alive) {
      const marks = services.registry.plans.map((plan) => [plan.name, heartbeats.of(plan)] as const);
      throw Problem.storeUnavailable("the online store has not answered lately", marks);
    }
    const views = services.registry.plans.map((plan) => [plan.name, heartbeats.of(plan)] as const);
    return c.json({ status: "ready", complete_through: lastKnown(views) });
  }

  /** `GET /metrics`, in Prometheus' text format. */
  async metricsText(c: Context<RequestContext>): Promise<Response> {
    const { registry } = this.metrics;
    return c.body(await registry.metrics(), 200, { "Content-Type": registry.contentType });
  }

  #deadline(c: Context): Deadline {
    const { deadlineMs } = this.#options.limits;
    const asked = c.req.header(TIMEOUT_HEADER);
    if (asked === undefined) return new Deadline(deadlineMs);
    if (/^[1-9]\d{0,8}$/.test(asked)) return new Deadline(Math.min(deadlineMs, Number(asked)));
    const detail = "it must be a whole number of milliseconds above 0";
    throw new Problem("bad_parameter", `${TIMEOUT_HEADER}: ${detail}`, {
      errors: [{ field: TIMEOUT_HEADER, detail }],
    });
  }

  #lags(): [string, number][] {
    const { heartbeats, services, now } = this.#options;
    return services.registry.plans.flatMap((plan): [string, number][] => {
      const mark = heartbeats.of(plan);
      return mark === undefined ? [] : [[plan.name, (now() - mark) / 1000]];
    });
  }
}

/** The key as it stands in the URL: a router's own decoding leaves what it can't decode as it is. */
function lastSegment(url: string): string {
  const segment = new URL(url).pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    const detail = "it must be percent-encoded UTF-8";
    throw new Problem("bad_parameter", `key: ${detail}`, { errors: [{ field: "key", detail }] });
  }
}
