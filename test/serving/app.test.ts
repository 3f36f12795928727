import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import { apiKeys } from "../../pipeline/serving/auth.ts";
import { StoreUnavailableError } from "../../pipeline/stores/errors.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { E, T, testServer } from "../support/serving.ts";
import { testRow } from "../support/stores.ts";

const purchases = features.plan("user_purchases");
const activity = features.plan("item_activity");
/** A value for each column: its position. */
const row = (key: string, changes = {}) =>
  testRow(purchases, { key, windowEndMs: E + 60_000, seq: 3, ...changes });
const fraudOf = (...users: string[]) => ({
  keys: users.map((user_id) => ({ user_id })),
  request: { amount_usd: 10 },
});
const outage = () =>
  new StoreUnavailableError(
    { store: "Bigtable", operation: "read", target: "secret-table" },
    3,
    new Error("10.0.0.7"),
  );
/** A store that never answers. */
const forever = () => new Promise<never>(() => undefined);

//    E        T        E+60s
//  ──[── the window ────)      its early pane answers at T; complete through E − 1 s, 21.5 s ago
//
function shop(): MemoryStore {
  const store = new MemoryStore();
  store.write(purchases, row("ann"), row("bob", { values: [9, 9, 9, 9, 5, 8, "DE", 9] }));
  store.write(activity, testRow(activity, { key: "hat", windowEndMs: E + 60_000, seq: 2 }));
  store.marks.set(purchases.name, E - 1_000);
  return store;
}

describe("POST /v1/services/{name}:read", () => {
  it("tells of each feature its value, status, staleness, age and seq", async () => {
    const { read } = await testServer(shop());
    const { status, json } = await read("fraud", {
      ...fraudOf("bob"),
      request: { amount_usd: 10, country: "US" },
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ service: "fraud", version: 1, at: "2026-03-01T12:00:20.500Z" });
    const known = { stale: false, as_of: new Date(T).toISOString(), age_ms: 0 };
    const [result] = json.results;
    expect(result?.key).toEqual({ user_id: "bob" });
    expect(result?.features?.["spend_1h"]).toEqual({ value: 9, status: "PRESENT", seq: 3, ...known });
    expect(result?.features?.["last_country_1h"]).toEqual({
      value: "DE",
      status: "PRESENT",
      seq: 3,
      ...known,
    });
    const computed = { status: "COMPUTED", seq: null, ...known };
    expect(result?.features).toMatchObject({
      amount_to_mean: { value: 2, ...computed },
      above_max: { value: true, ...computed },
      country_changed: { value: true, ...computed },
      hour_utc: { value: 12, ...computed },
    });
  });

  it("answers for a key without rows by defaults that say what they are", async () => {
    const { read } = await testServer(shop());
    const { json } = await read("fraud", fraudOf("nobody"));
    const origin = {
      status: "DEFAULT",
      stale: false,
      as_of: new Date(E - 1_000).toISOString(),
      age_ms: 21_500,
      seq: 0,
    };
    expect(json.results[0]?.features?.["purchase_count_1h"]).toEqual({ value: 0, ...origin });
    expect(json.results[0]?.features?.["max_amount_1h"]).toEqual({ value: null, ...origin });
  });

  it("marks what is behind as stale, and what is unknown too", async () => {
    const store = shop();
    store.marks.set(purchases.name, T - purchases.freshnessMs - 1);
    const { read } = await testServer(store);
    const { json } = await read("ranking", { keys: [{ user_id: "ann", item_id: "hat" }] });
    expect(json.results[0]?.features).toMatchObject({
      spend_1h: { stale: true },
      item_revenue_1h: { stale: true },
      item_trend: { stale: true },
    });
  });

  it("reads all views of an entity by one request, each key once, many keys by several", async () => {
    const store = shop();
    const { read } = await testServer(store);
    const keys = Array.from({ length: 120 }, (_, i) => ({
      user_id: "ann",
      item_id: `item ${String(i % 110)}`,
    }));
    const { json } = await read("ranking", { keys });
    expect(json.results.map(({ key }) => key)).toEqual(keys);
    const asked = store.reads.map(({ views, keys }) => `${String(keys.length)} of ${views.join()}`);
    expect(asked.sort()).toEqual([
      "1 of user_purchases",
      "10 of item_activity",
      "50 of item_activity",
      "50 of item_activity",
    ]);
  });

  it("fails for the key alone whose rows could not be read", async () => {
    const store = shop();
    store.unreadable.add("bob");
    const { read } = await testServer(store);
    const { status, json } = await read("fraud", fraudOf("ann", "bob"));
    expect(status).toBe(200);
    expect(json.results[0]?.features).toBeDefined();
    expect(json.results[1]).toMatchObject({ key: { user_id: "bob" }, error: { code: "unreadable_row" } });
  });

  it("fails for those keys alone whose request to the store failed", async () => {
    const store = shop();
    const keys = Array.from({ length: 60 }, (_, i) => `user ${String(i)}`);
    const { read } = await testServer(store);
    store.before = (some) => (some.includes("user 59") ? Promise.reject(outage()) : Promise.resolve());
    const { status, json } = await read("fraud", fraudOf(...keys));
    expect(status).toBe(200);
    expect(json.results.filter(({ features }) => features !== undefined)).toHaveLength(50);
    expect(json.results[59]?.error).toEqual({
      code: "store_unavailable",
      detail: "the online store did not answer",
    });
  });

  it("takes a version by name@version", async () => {
    const { read } = await testServer(shop());
    expect((await read("fraud@1", fraudOf("ann"))).json.version).toBe(1);
    expect(await read("fraud@2", fraudOf("ann"))).toMatchObject({
      status: 404,
      json: { code: "unknown_service" },
    });
  });
});

describe("bad requests", () => {
  it.each([
    ["no JSON", '{"keys":', 400, "malformed_json", undefined],
    ["text that is no UTF-8's", new Uint8Array([0x22, 0xff, 0x22]), 400, "malformed_json", undefined],
    ["a list", "[]", 400, "invalid_request", ""],
    ["no keys", { request: { amount_usd: 1 } }, 400, "invalid_request", "/keys"],
    ["an empty list of keys", { ...fraudOf() }, 400, "invalid_request", "/keys"],
    ["too many keys", fraudOf(...Array.from({ length: 201 }, String)), 400, "invalid_request", "/keys"],
    [
      "a key of another entity",
      { keys: [{ item_id: "x" }], request: { amount_usd: 1 } },
      400,
      "invalid_request",
      "/keys/0/user_id",
    ],
    ["an empty key", fraudOf("ann", ""), 400, "invalid_request", "/keys/1/user_id"],
    ["a key that is too long", fraudOf("ä".repeat(600)), 400, "invalid_request", "/keys/0/user_id"],
    ["half a character", fraudOf("\ud800"), 400, "invalid_request", "/keys/0/user_id"],
    [
      "a key that is no text",
      { keys: [{ user_id: 7 }], request: { amount_usd: 1 } },
      400,
      "invalid_request",
      "/keys/0/user_id",
    ],
    [
      "a field of the request of another type",
      { ...fraudOf("ann"), request: { amount_usd: "12" } },
      400,
      "invalid_request",
      "/request/amount_usd",
    ],
    ["a field of the request missing", { keys: [{ user_id: "ann" }] }, 400, "invalid_request", "/request"],
    [
      "an unknown field of the request",
      { ...fraudOf("ann"), request: { amount_usd: 1, "a/b~": 2 } },
      400,
      "invalid_request",
      "/request",
    ],
    ["an unknown field beside", { ...fraudOf("ann"), more: 1 }, 400, "invalid_request", ""],
    [
      "a prototype",
      '{"keys":[{"user_id":"ann","__proto__":{}}],"request":{"amount_usd":1}}',
      400,
      "invalid_request",
      "/keys/0",
    ],
    ["a body that is too large", fraudOf("x".repeat(60_000)), 413, "body_too_large", undefined],
  ])("%s", async (_, body, status, code, field) => {
    const { request } = await testServer(shop());
    const sent = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    const response = await request("/v1/services/fraud:read", {
      method: "POST",
      headers: { "Content-Type": "application/json; charset=utf-8" },
      body: sent,
    });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as { errors?: { field: string }[] };
    expect(problem).toMatchObject({ status, code, type: `urn:freshet:problem:${code}` });
    expect(response.status).toBe(status);
    expect(problem.errors?.[0]?.field).toBe(field);
  });

  it("tell of a value's kind, and never the value", async () => {
    const { read, log } = await testServer(shop());
    const { text } = await read("fraud", {
      keys: [{ user_id: { secret: 1 } }],
      request: { amount_usd: "secret", country: "secret" },
    });
    expect(text).not.toContain("secret");
    await read("fraud", fraudOf("secret"));
    expect(JSON.stringify(log.lines)).not.toContain("secret");
  });

  it.each([
    ["GET", "/nothing", 404, "not_found"],
    ["GET", "/v1/services/fraud:read", 405, "method_not_allowed"],
    ["POST", "/v1/services/other:read", 404, "unknown_service"],
    ["POST", "/v1/services/fraud:read", 415, "unsupported_media_type"],
    ["POST", "/openapi.json", 405, "method_not_allowed"],
    ["GET", "/v1/views/other/keys/a", 404, "unknown_view"],
    ["GET", "/v1/views/user_purchases@7/keys/a", 404, "unknown_view"],
    ["GET", "/v1/views/user_purchases/keys/%E4", 400, "bad_parameter"],
    ["GET", `/v1/views/user_purchases/keys/${"x".repeat(1_025)}`, 400, "invalid_request"],
    ["GET", "/v1/views/user_purchases/keys/", 404, "not_found"],
  ])("%s %s", async (method, path, status, code) => {
    const { request } = await testServer(shop());
    const response = await request(path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, status });
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  });

  it.each(["0", "-1", "1.5", "soon", ""])("a deadline of '%s'", async (asked) => {
    const { read } = await testServer(shop());
    const { status, json } = await read("fraud", fraudOf("ann"), { "Freshet-Timeout-Ms": asked });
    expect({ status, field: json.errors?.[0]?.field }).toEqual({ status: 400, field: "Freshet-Timeout-Ms" });
  });
});

describe("a store that is down or slow", () => {
  it("is a 503 that says when the views were last complete, and nothing of the inside", async () => {
    const store = shop();
    const { read, log } = await testServer(store);
    store.before = () => Promise.reject(outage());
    const { status, json, headers, text } = await read("fraud", fraudOf("ann"));
    expect(status).toBe(503);
    expect(headers.get("retry-after")).toBe("1");
    expect(json).toMatchObject({
      code: "store_unavailable",
      complete_through: { user_purchases: new Date(E - 1_000).toISOString() },
    });
    expect(text).not.toMatch(/secret-table|10\.0\.0\.7/);
    expect(JSON.stringify(log.lines)).toContain("secret-table");
  });

  it("is a 503 at the caller's deadline", async () => {
    const store = shop();
    const { read } = await testServer(store);
    store.before = forever;
    const { status, json } = await read("fraud", fraudOf("ann"), { "Freshet-Timeout-Ms": "20" });
    expect(status).toBe(503);
    expect(json).toMatchObject({
      code: "deadline_exceeded",
      complete_through: { user_purchases: expect.any(String) as string },
    });
    expect(json.detail).toContain("20 ms");
  });

  it("sheds what comes beyond a full queue, and serves those that wait", async () => {
    const store = shop();
    const { read } = await testServer(store, { admission: { concurrent: 1, queued: 1 } });
    let open = (): void => undefined;
    store.before = () => new Promise((resolve) => (open = resolve));
    const first = read("fraud", fraudOf("ann"));
    while (store.reads.length === 0) await setImmediate();
    const second = read("fraud", fraudOf("bob"));
    await setImmediate();
    const third = await read("fraud", fraudOf("eve"));
    expect(third).toMatchObject({ status: 503, json: { code: "overloaded" } });
    expect(third.headers.get("retry-after")).toBe("1");
    store.before = () => Promise.resolve();
    open();
    expect((await first).status).toBe(200);
    expect((await second).status).toBe(200);
  });

  it("makes it not ready; so does its end", async () => {
    const store = shop();
    store.before = () => Promise.reject(outage());
    const { request } = await testServer(store);
    expect((await request("/readyz")).status).toBe(503);
    expect((await request("/healthz")).status).toBe(200);
    const ending = await testServer(shop(), { draining: () => true });
    expect(await (await ending.request("/readyz")).json()).toMatchObject({ code: "draining" });
    expect((await (await testServer(shop())).request("/readyz")).status).toBe(200);
  });

  it("is told apart from a defect, which keeps its stack to the log", async () => {
    const store = shop();
    const { read, log } = await testServer(store);
    store.before = () => Promise.reject(new TypeError("a defect"));
    const { status, text, json } = await read("fraud", fraudOf("ann"));
    expect({ status, code: json.code }).toEqual({ status: 500, code: "internal" });
    expect(text).not.toMatch(/a defect|\.ts/);
    expect(log.lines).toContainEqual({
      error: expect.any(TypeError) as TypeError,
      requestId: expect.any(String) as string,
    });
  });
});

describe("GET /v1/views/{name}/keys/{key}", () => {
  it("tells a view's answer and the pane behind it, whatever the key is made of", async () => {
    const store = shop().write(purchases, row("a/b %ü"));
    const { request } = await testServer(store);
    const response = await request("/v1/views/user_purchases/keys/a%2Fb%20%25%C3%BC");
    expect(await response.json()).toMatchObject({
      view: "user_purchases",
      entity: { user_id: "a/b %ü" },
      features: { spend_1h: { value: 3, status: "PRESENT" } },
      pane: { window_end: new Date(E + 60_000).toISOString(), seq: 3 },
    });
  });
});

describe("callers", () => {
  const hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"; // of "password"
  const authenticate = apiKeys(`# callers\ncheckout ${hash}\n`);

  it("need a key where keys are set, but for the probes", async () => {
    const { request } = await testServer(shop(), { authenticate });
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await request(path, { headers })).status;
    expect(await status("/openapi.json")).toBe(401);
    expect(await status("/openapi.json", { Authorization: "Bearer passwort" })).toBe(401);
    expect(await status("/openapi.json", { Authorization: "Bearer password" })).toBe(200);
    expect(await status("/openapi.json", { "X-API-Key": "password" })).toBe(200);
    expect(await status("/nothing")).toBe(401);
    expect(await status("/healthz")).toBe(200);
    expect(await status("/readyz")).toBe(200);
  });

  it("may make so many requests a second", async () => {
    const { request } = await testServer(shop(), { ratePerSecond: 0.001 });
    expect((await request("/openapi.json")).status).toBe(200);
    const refused = await request("/openapi.json");
    expect(await refused.json()).toMatchObject({ code: "rate_limited", status: 429 });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(900);
    expect((await request("/healthz")).status).toBe(200);
  });
});

describe("what the server counts", () => {
  it("is told by route, service and status, and by no name that a caller chose", async () => {
    const store = shop();
    store.unreadable.add("bob");
    const { request, read } = await testServer(store);
    await read("fraud", fraudOf("ann", "bob"));
    await read("made_up", fraudOf("ann"));
    await request("/made/up");
    const text = await (await request("/metrics")).text();
    expect(text).toContain(
      'freshet_requests_total{route="/v1/services/{name}:read",service="fraud",status="200"} 1',
    );
    expect(text).toContain('freshet_key_faults_total{service="fraud",code="unreadable_row"} 1');
    expect(text).toContain(
      `freshet_view_lag_seconds{view="user_purchases"} ${String((T - E + 1_000) / 1000)}`,
    );
    expect(text).not.toMatch(/made.up|ann|bob/);
  });
});
