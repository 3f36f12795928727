import { Hono, type MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Services } from "../../define/index.ts";
import type { RequestContext } from "../app-options.ts";
import { Problem } from "../problem.ts";
import type { Assets } from "./assets.ts";
import { catalogOf } from "./catalog.ts";
import type { LiveFeed } from "./live-feed.ts";
import { type ViewFacts, viewsApi } from "./views-api.ts";

/** The metrics' name of a request: its path's pattern. */
const labelled: MiddlewareHandler<RequestContext> = async (c, next) => {
  await next();
  c.set("route", routePath(c, -1));
};

/** What the console is made of. */
export interface ConsoleOptions {
  readonly services: Services;
  readonly generation: number;
  readonly assets: Assets;
  readonly feed: LiveFeed;
  readonly viewFacts: ViewFacts;
  /** Told of what a store failed by. */
  readonly onFailure: (message: string) => void;
  /** The API of the inspecting pages. */
  readonly inspector: Hono<RequestContext>;
}

/** The page takes everything from its own server, and nothing that stands in the page itself is ever run. */
const PAGE_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
/** Names of built files hold a digest of their content. */
const FOR_EVER = "private, max-age=31536000, immutable";

/** Whether a path gives the page itself, which is the same for everybody and tells nothing: it needs no credentials. */
export function isConsolePage(path: string): boolean {
  return path === "/console" || (path.startsWith("/console/") && !path.startsWith("/console/api/"));
}

/** The console: its page at `/console/`, and below `/console/api` what it shows. */
export function consoleApp(options: ConsoleOptions): Hono<RequestContext> {
  const { assets, feed } = options;
  const catalog = catalogOf(options.services, options.generation);
  const app = new Hono<RequestContext>();
  app.use("/console/*", labelled);

  app.route("/console/api", options.inspector); // first: who may ask at all is decided there
  app.get("/console/api/catalog", (c) => c.json(catalog));
  app.route("/console/api/views", viewsApi(options.services, options.viewFacts, options.onFailure));
  app.get("/console/api/live", (c) =>
    c.body(feed.subscribe(), 200, { "Content-Type": "text/event-stream; charset=utf-8" }),
  );

  app.get("/console", (c) => c.redirect("/console/", 308));
  app.get("/console/", () => file("index.html", "no-cache"));
  app.get("/console/assets/:name", (c) => file(`assets/${c.req.param("name")}`, FOR_EVER));
  return app;

  function file(name: string, cached: string): Response {
    const asset = assets.get(name);
    if (asset === undefined) throw new Problem("not_found", "the console has no such file");
    return new Response(asset.bytes, {
      headers: {
        "Content-Type": asset.type,
        "Cache-Control": cached,
        "Content-Security-Policy": PAGE_POLICY,
      },
    });
  }
}
