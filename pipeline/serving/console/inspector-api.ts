import { Hono } from "hono";
import type { Services } from "../../define/index.ts";
import type { RequestContext, RequestLimits } from "../app-options.ts";
import type { ServerMetrics } from "../metrics.ts";
import { deadLettersApi } from "./dead-letters.ts";
import { checkHost, type GuardOptions } from "./guard.ts";
import { inspectApi } from "./inspect.ts";
import type { InspectorStores } from "./inspector-stores.ts";
import { redriveApi } from "./redrive.ts";
import { servicesApi } from "./services.ts";
import { SlowReads } from "./slow-reads.ts";

/** What the inspecting pages (keys, services, dead letters) are made of. */
export interface InspectorOptions {
  readonly services: Services;
  readonly stores: InspectorStores;
  readonly limits: RequestLimits;
  /** Whether callers need a key or token. */
  readonly secured: boolean;
  readonly guard: GuardOptions;
  /** Epoch ms. */
  readonly now: () => number;
  /** How often a page may read the moment anew, ms: each reading is queries, which BigQuery bills. */
  readonly refreshMs: number;
  /** How long such a reading may take, ms. */
  readonly deadlineMs: number;
  /** Called with what a store failed by. */
  readonly onFailure: (message: string) => void;
}

/** The API of the inspecting pages, to be mounted beside the rest of the console's. */
export function inspectorApi(options: InspectorOptions, metrics: ServerMetrics): Hono<RequestContext> {
  const { services, stores, limits, secured, guard, now, refreshMs, deadlineMs, onFailure } = options;
  const reads = new SlowReads({ deadlineMs, onFailure });
  const app = new Hono<RequestContext>();
  app.use(async (c, next) => {
    checkHost(c.req.raw, guard);
    await next();
  });
  app.route("/", inspectApi({ services, stores, reads, now, refreshMs }));
  app.route("/", servicesApi({ services, metrics, limits, secured }));
  app.route("/", deadLettersApi({ services, stores, reads, now, changes: guard.changes }));
  app.route("/", redriveApi({ stores, reads, guard, now }));
  return app;
}
