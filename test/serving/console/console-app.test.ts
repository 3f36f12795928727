import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { services } from "../../../pipeline/features/services.ts";
import { apiKeys } from "../../../pipeline/serving/auth.ts";
import { consoleApp } from "../../../pipeline/serving/console/console-app.ts";
import type { CatalogJson } from "../../../pipeline/serving/console/contract.ts";
import { LiveFeed } from "../../../pipeline/serving/console/live-feed.ts";
import type { ViewFacts } from "../../../pipeline/serving/console/views-api.ts";
import type { OnlineStore } from "../../../pipeline/serving/online-store.ts";
import { StoreUnavailableError } from "../../../pipeline/stores/errors.ts";
import { testServer } from "../../support/serving.ts";

const store: OnlineStore = {
  readViews: () => Promise.resolve(new Map()),
  readCompleteThrough: (plans) => Promise.resolve(plans.map(() => undefined)),
};
const assets = new Map([
  ["index.html", { bytes: new TextEncoder().encode("<p>page</p>"), type: "text/html; charset=utf-8" }],
  ["assets/main.js", { bytes: new TextEncoder().encode("1"), type: "text/javascript; charset=utf-8" }],
]);
const nothing = { generations: [], from: "2026-03-01T12:00:00Z" };

/** A server with a console, of which nothing is read unless a test says so. */
function server(facts: Partial<ViewFacts> = {}, keys?: string) {
  const unread = () => Promise.reject(new Error("not asked for"));
  const viewFacts = { sample: unread, rates: unread, generations: unread, ...facts };
  const onFailure = () => undefined;
  const feed = new LiveFeed({ read: unread, onFailure });
  return testServer(store, {
    console: () =>
      consoleApp({ services, generation: 4, assets, feed, viewFacts, inspector: new Hono(), onFailure }),
    ...(keys !== undefined && { authenticate: apiKeys(keys) }),
  });
}

describe("the console's paths", () => {
  it("give the page to everybody, with a policy that lets nothing of others in", async () => {
    const { request } = await server({}, `someone ${"0".repeat(64)}`);
    const page = await request("/console/");
    expect(await page.text()).toBe("<p>page</p>");
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'self'; .*frame-ancestors 'none'/,
    );
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const script = await request("/console/assets/main.js");
    expect(script.headers.get("cache-control")).toContain("immutable");
    expect(script.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await request("/console")).headers.get("location")).toBe("/console/");
  });

  it("give what it shows to those only that the server knows", async () => {
    const { request } = await server({}, `someone ${"0".repeat(64)}`);
    for (const path of ["catalog", "live", "views/user_purchases/sample", "nothing"]) {
      expect((await request(`/console/api/${path}`)).status).toBe(401);
    }
  });

  it.each([
    "assets/",
    "assets/none.js",
    "assets/..%2findex.html",
    "index.html",
    "api/nothing",
    "api/views/x/y",
  ])("have no %s", async (path) => {
    const { request } = await server();
    expect((await request(`/console/${path}`)).status).toBe(404);
  });

  it("tell what is defined", async () => {
    const { request } = await server();
    const catalog = (await (await request("/console/api/catalog")).json()) as CatalogJson;
    expect(catalog.generation).toBe(4);
    expect(catalog.events[0]).toMatchObject({
      name: "shop_event",
      event_time: "occurred_at",
      revisions: ["1"],
    });
    expect(catalog.events[0]?.fields).toContainEqual({
      name: "event_type",
      type: "purchase | refund | view",
      doc: "What happened.",
    });
    const view = catalog.views.find(({ name }) => name === "user_purchases");
    expect(view).toMatchObject({
      sizes: ["30m", "1h"],
      slide: "1m",
      freshness: "1m",
      late_policy: "side-output",
    });
    expect(view?.columns[2]).toEqual({
      name: "spend_30m",
      feature: "spend",
      aggregation: "sum",
      size: "30m",
      type: "FLOAT64",
      default: 0,
    });
    const ranking = catalog.services.find(({ name }) => name === "ranking");
    expect(ranking?.columns).toContainEqual({
      name: "item_revenue_1h",
      view: "item_activity",
      view_version: 1,
      column: "revenue_1h",
      missing: "default",
    });
  });

  it("read a fact once for all who ask at once, and name no store's words when it can't be read", async () => {
    let reads = 0;
    let broken = false;
    const generations = () => {
      reads += 1;
      const call = { store: "BigQuery", operation: "run", target: "secret" } as const;
      return broken
        ? Promise.reject(new StoreUnavailableError(call, 1, new Error("x")))
        : Promise.resolve(nothing);
    };
    const { request } = await server({ generations });
    const ask = (view: string) => request(`/console/api/views/${view}/generations`);
    const answers = await Promise.all([
      ask("user_purchases"),
      ask("user_purchases@1"),
      ask("user_purchases"),
    ]);
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([nothing, nothing, nothing]);
    expect(reads).toBe(1);
    broken = true;
    const refused = await ask("item_activity");
    expect(refused.status).toBe(503);
    expect(await refused.text()).not.toContain("secret");
    broken = false;
    expect((await ask("item_activity")).status).toBe(200); // a failure isn't kept
    expect((await ask("nope")).status).toBe(404);
  });
});
