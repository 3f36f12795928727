import { Hono } from "hono";
import { messageOf } from "../../core/error-message.ts";
import { FreshetError } from "../../core/errors.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import type { Services } from "../../define/index.ts";
import type { RequestContext } from "../app-options.ts";
import { viewNamed } from "../named.ts";
import { Problem, RETRY_AFTER } from "../problem.ts";
import { cached } from "./cached.ts";
import type { ViewGenerationsJson, ViewRatesJson, ViewSampleJson } from "./contract.ts";

/** What the offline store tells of a view; each is one query. */
export interface ViewFacts {
  sample(plan: ViewPlan): Promise<ViewSampleJson>;
  rates(plan: ViewPlan): Promise<ViewRatesJson>;
  generations(plan: ViewPlan): Promise<ViewGenerationsJson>;
}

/**
 * `GET /{name}/{fact}` below `/console/api/views`: a view's newest version, or one as in `name@1`. An answer serves
 * everybody who asks for a while: a query costs, and what it tells changes slowly.
 * @param onFailure told of what a query failed by
 */
export function viewsApi(
  services: Services,
  facts: ViewFacts,
  onFailure: (message: string) => void,
): Hono<RequestContext> {
  const app = new Hono<RequestContext>();
  const serve = (fact: string, keptMs: number, read: (plan: ViewPlan) => Promise<object>) => {
    const kept = cached(read, keptMs);
    app.get(`/:view/${fact}`, async (c) => {
      const plan = viewNamed(services, c.req.param("view"));
      try {
        return c.json(await kept(plan));
      } catch (error) {
        onFailure(messageOf(error));
        throw asProblem(error);
      }
    });
  };
  serve("sample", 15_000, (plan) => facts.sample(plan));
  serve("rates", 30_000, (plan) => facts.rates(plan));
  serve("generations", 60_000, (plan) => facts.generations(plan));
  return app;
}

/** What a caller is told of a store's failure: nothing of the store's own words. Other errors stay what they are. */
function asProblem(error: unknown): unknown {
  if (!(error instanceof FreshetError)) return error;
  return new Problem("offline_store_unavailable", "BigQuery gave no answer: try again", {}, RETRY_AFTER);
}
