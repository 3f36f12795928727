import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import type { AppOptions, RequestContext } from "./app-options.ts";
import { isConsolePage } from "./console/console-app.ts";
import { Endpoints } from "./endpoints.ts";
import { openApi } from "./openapi.ts";
import { Problem } from "./problem.ts";
import { RateLimit } from "./rate-limit.ts";
import { inRequestSpan } from "./tracing.ts";

/** Answers hold people's data and are of one instant: no cache keeps them, and no browser makes anything else of them. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

const OPEN = new Set(["/healthz", "/readyz"]);
const ANYONE = "anonymous";

/**
 * The feature server as a function from a request to its response: no port, no process.
 *
 *     const response = await serverApp(options).fetch(new Request("http://localhost/healthz"));
 */
export function serverApp(options: AppOptions): Hono<RequestContext> {
  const endpoints = new Endpoints(options);
  const { metrics } = endpoints;
  const document = openApi(options.services, options.limits, options.authenticate !== undefined);
  const rate = options.ratePerSecond === undefined ? undefined : new RateLimit(options.ratePerSecond);
  const app = new Hono<RequestContext>();

  app.use((c, next) => {
    if (OPEN.has(c.req.path)) return next();
    return inRequestSpan(c.req.method, c.req.raw.headers, async () => {
      await next();
      return { route: c.get("route"), service: c.get("service"), status: c.res.status };
    });
  });
  app.use(async (c, next) => {
    const startedMs = performance.now();
    c.set("requestId", randomUUID());
    c.set("route", "");
    c.set("service", "");
    await next();
    const requestId = c.get("requestId"); // Hono's c.var makes an object of all each time
    c.res.headers.set("X-Request-Id", requestId);
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
    const ms = performance.now() - startedMs;
    const [route, service] = [c.get("route"), c.get("service")];
    const { status } = c.res;
    metrics.requests.inc({ route, service, status });
    metrics.requestSeconds.observe({ route, service }, ms / 1000);
    options.log.access({ method: c.req.method, route, service, status, ms, request_id: requestId });
  });
  app.use(async (c, next) => {
    const open = OPEN.has(c.req.path) || isConsolePage(c.req.path);
    const caller =
      options.authenticate === undefined || open ? ANYONE : await options.authenticate(c.req.raw.headers);
    if (caller === undefined) {
      const detail = "send a key, or an ID token where the server takes them, as Authorization: Bearer …";
      throw new Problem("unauthenticated", detail, {}, { "WWW-Authenticate": "Bearer" });
    }
    c.set("caller", caller);
    if (!open) rate?.take(caller, performance.now());
    await next();
  });

  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => endpoints.ready(c));
  app.get("/metrics", (c) => endpoints.metricsText(c));
  app.get("/openapi.json", (c) => c.json(document));
  app.post("/v1/services/:call{[^/]+:read}", (c) => endpoints.read(c));
  app.get("/v1/views/:view/keys/:key", (c) => endpoints.view(c));
  if (options.console !== undefined) app.route("/", options.console(metrics));

  const allowed = { GET: ["/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/views/:view/keys/:key"] };
  for (const path of allowed.GET) app.all(path, () => refuseMethod("GET, HEAD"));
  app.all("/v1/services/:call{[^/]+:read}", () => refuseMethod("POST"));
  app.notFound((c) =>
    problemResponse(new Problem("not_found", "GET /openapi.json tells what there is"), c.var.requestId),
  );
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(error, c.var.requestId);
    options.log.failure(error, c.var.requestId);
    const detail = `the server's log tells what happened, under ${c.var.requestId}`;
    return problemResponse(new Problem("internal", detail), c.var.requestId);
  });
  return app;
}

function refuseMethod(allow: string): never {
  throw new Problem("method_not_allowed", `the path has ${allow}`, {}, { Allow: allow });
}

function problemResponse(problem: Problem, requestId: string): Response {
  const body = JSON.stringify({ ...problem.document(), instance: `urn:uuid:${requestId}` });
  const headers = { "Content-Type": "application/problem+json", ...problem.headers };
  return new Response(body, { status: problem.status, headers });
}
