import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { type Explanation, explain } from "../../core/audit/explain.ts";
import { explanationJson } from "../../core/audit/explanation-json.ts";
import { formatInstant } from "../../core/instant.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import type { RequestContext } from "../app-options.ts";
import { keySchema } from "../contract.ts";
import { viewNamed } from "../named.ts";
import { Problem } from "../problem.ts";
import type { InspectedView, InspectionJson, OfferedKeysJson } from "./inspector-contract.ts";
import type { Inspecting } from "./inspecting.ts";
import { instantParameter, parameters } from "./parameters.ts";

/** What the key inspector is made of. */
export interface InspectOptions extends Inspecting {
  /** How often the page may ask for the moment anew, ms. */
  readonly refreshMs: number;
}

/** Events and panes of one picture at most: the newest; a browser draws no more in a moment, and nobody reads more. */
const SHOWN = 400;
/** Keys of a list that are offered. */
const OFFERED = 20;

const inspection = z.strictObject({ view: z.string(), key: keySchema, at: instantParameter.optional() });
const keys = z.strictObject({ view: z.string() });

/** `GET /inspect`, `GET /keys`: why a view answers what it answers for a key. */
export function inspectApi(options: InspectOptions): Hono<RequestContext> {
  const app = new Hono<RequestContext>();
  app.get("/inspect", async (c) => c.json(await inspect(c, options)));
  app.get("/keys", async (c) => c.json(await offeredKeys(c, options)));
  return app;
}

async function inspect(c: Context, options: InspectOptions): Promise<InspectionJson> {
  const { services, stores, reads, now, refreshMs } = options;
  const { view, key, at } = parameters(c, inspection);
  const plan = viewNamed(services, view);
  if (at !== undefined && at > now()) {
    const detail = "it must not be after now";
    throw new Problem("bad_parameter", `at: ${detail}`, { errors: [{ field: "at", detail }] });
  }
  const event = services.registry.event(plan.source);
  const lane = `key ${plan.name}@${String(plan.version)} ${key}`;
  const read = async (budgetMs: number): Promise<InspectionJson> => {
    const atMs = at ?? now();
    const facts = await stores.keyFacts({ plan, event, key, atMs }, budgetMs);
    const whole = explain(plan, facts, atMs);
    const shown = newest(whole);
    return {
      view: inspectedView(plan),
      key,
      explanation: explanationJson(plan, shown),
      since: formatInstant(shown.sinceMs),
      values: shown.events.map((each) => each.event.value),
      all: { events: whole.events.length, panes: whole.panes.length },
      is_past: at !== undefined,
      refresh_ms: refreshMs,
    };
  };
  return await reads.run(lane, at === undefined ? "now" : String(at), read, c.req.raw.signal, refreshMs);
}

/** The newest events and panes, and the pane that answers. */
function newest(explanation: Explanation): Explanation {
  const { events, panes } = explanation;
  const kept = panes.filter(({ isChosen }, i) => isChosen || i >= panes.length - SHOWN);
  return {
    ...explanation,
    panes: kept,
    events: events.slice(-SHOWN).map((each) => ({
      ...each,
      panes: each.panes.filter((pane) => kept.includes(pane)),
    })),
  };
}

async function offeredKeys(c: Context, options: InspectOptions): Promise<OfferedKeysJson> {
  const { services, stores, reads, now } = options;
  const { view } = parameters(c, keys);
  const plan = viewNamed(services, view);
  return await reads.run(`keys ${plan.name}@${String(plan.version)}`, "now", async (budgetMs) => {
    const sinceMs = now() - plan.longestMs;
    const [recent, late] = await Promise.all([
      stores.recentKeys(plan, sinceMs, OFFERED, budgetMs),
      stores.lateEvents({ view: plan.name, sinceMs, limit: 3 * OFFERED }, budgetMs),
    ]);
    const latest = new Map(late.toReversed().map(({ key, deliveredTimeMs }) => [key, deliveredTimeMs]));
    return {
      view: plan.name,
      recent: recent.map(({ key, availableAtMs, seq }) => ({
        key,
        at: formatInstant(availableAtMs),
        events: seq,
      })),
      late: [...latest]
        .sort(([, a], [, b]) => b - a)
        .slice(0, OFFERED)
        .map(([key, ms]) => ({ key, at: formatInstant(ms) })),
    };
  });
}

function inspectedView(plan: ViewPlan): InspectedView {
  return {
    name: plan.name,
    version: plan.version,
    entity: plan.entity,
    key_field: plan.keyField,
    slide_ms: plan.slideMs,
    sizes_ms: plan.sizesMs,
    allowed_lateness_ms: plan.allowedLatenessMs,
    freshness_ms: plan.freshnessMs,
  };
}
