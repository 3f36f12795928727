import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { judge } from "../../../pipeline/core/audit/judge.ts";
import { emit, toRow, type WindowContent } from "../../../pipeline/core/emit.ts";
import type {
  InspectionJson,
  OfferedKeysJson,
} from "../../../pipeline/serving/console/inspector-contract.ts";
import { BusyKeyError } from "../../../pipeline/stores/key-facts.ts";
import { StoreConfigError, StoreUnavailableError } from "../../../pipeline/stores/errors.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { inspectedServer, MINUTE_MS, shopEvent } from "../../support/inspected-server.ts";
import { E, T } from "../../support/serving.ts";

const ANN = "/console/api/inspect?view=user_purchases&key=ann";
const outage = () =>
  new StoreUnavailableError(
    { store: "BigQuery", operation: "run", target: "secret-query" },
    3,
    new Error("10.0.0.7"),
  );

describe("GET /console/api/inspect", () => {
  it("tells what became of each event, the panes that hold it, and the answer", async () => {
    const { request } = await inspectedServer();
    const response = await request(ANN);
    expect(response.status).toBe(200);
    const { explanation, view, values, since, ...rest } = (await response.json()) as InspectionJson;
    expect(view).toMatchObject({ name: "user_purchases", key_field: "user_id", slide_ms: MINUTE_MS });
    expect(rest).toEqual({ key: "ann", all: { events: 6, panes: 4 }, is_past: false, refresh_ms: 0 });
    expect(since).toBe(new Date(E - 60 * MINUTE_MS).toISOString());
    expect(explanation.events.map((each) => [each.event_id, each.class, each.clamped])).toEqual([
      ["look", "filtered", false],
      ["phone", "late", false],
      ["hat", "applied", false],
      ["hat", "duplicate", false],
      ["kettle", "applied", false],
      ["toaster", "applied", true],
    ]);
    expect(values[4]).toMatchObject({ item_id: "kettle", amount_usd: 10 });
    const kettle = explanation.events[4];
    const holding = explanation.panes.filter((_, i) => kettle?.panes.includes(i));
    // All but the hat's own, which left before the kettle's message came.
    expect(holding.map(({ timing, seq }) => [timing, seq])).toEqual([
      ["LATE", 1],
      ["LATE", 2],
      ["EARLY", 3],
    ]);
    expect(explanation.panes.find(({ chosen }) => chosen)).toMatchObject({ seq: 3, timing: "EARLY" });
    expect(explanation.answer.features["purchase_count_30m"]).toEqual({ value: 3, status: "PRESENT" });
  });

  it("explains a past instant, and nothing of the time to come", async () => {
    const { request } = await inspectedServer();
    const at = new Date(E - MINUTE_MS).toISOString();
    const { explanation, is_past: isPast } = (await (
      await request(`${ANN}&at=${at}`)
    ).json()) as InspectionJson;
    expect(isPast).toBe(true);
    expect(explanation.answer.features["purchase_count_30m"]).toEqual({ value: 1, status: "PRESENT" });
    const after = await request(`${ANN}&at=${new Date(T + 1).toISOString()}`);
    expect(await after.json()).toMatchObject({ code: "bad_parameter", errors: [{ field: "at" }] });
  });

  it("shows the newest of many events, and says how many there are", async () => {
    const { request, stores } = await inspectedServer();
    const many = Array.from({ length: 1_000 }, (_, i) => shopEvent(`e${String(i)}`, E - 40_000 + 10 * i, 5));
    stores.keyFacts = ({ plan, key }) => {
      const history = judge(plan, many);
      const row = toRow(plan, key, emit(plan, history.slices, E) as WindowContent, "ON_TIME");
      return Promise.resolve({ key, history, offline: [], online: [row], completeThroughMs: E });
    };
    const { explanation, all } = (await (await request(ANN)).json()) as InspectionJson;
    expect(all.events).toBe(1_000);
    expect(explanation.events).toHaveLength(400);
    expect(explanation.events.at(-1)).toMatchObject({ event_id: "e999" });
    const [last] = explanation.events.at(-1)?.panes ?? [];
    expect(explanation.panes[last ?? -1]).toMatchObject({ seq: 1_000, chosen: true });
  });

  it("reads a key once for all that ask at the same time, and one instant of it after the other", async () => {
    const { request, stores } = await inspectedServer();
    const open: (() => void)[] = [];
    stores.before = () => new Promise((resolve) => open.push(resolve));
    const at = `${ANN}&at=${new Date(E).toISOString()}`;
    const answers = [request(ANN), request(ANN), request(at)];
    while (open.length === 0) await setImmediate();
    await setImmediate();
    expect(open).toHaveLength(1);
    open.pop()?.();
    await Promise.all(answers.slice(0, 2));
    while (open.length === 0) await setImmediate();
    open.pop()?.();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("reads nothing for those who have gone before its turn", async () => {
    const { request, stores } = await inspectedServer();
    const open: (() => void)[] = [];
    let reads = 0;
    stores.before = () => {
      reads++;
      return new Promise((resolve) => open.push(resolve));
    };
    const first = request(ANN);
    while (open.length === 0) await setImmediate();
    const leaving = new AbortController();
    const past = (minutes: number, signal?: AbortSignal) =>
      request(`${ANN}&at=${new Date(E - minutes * MINUTE_MS).toISOString()}`, { ...(signal && { signal }) });
    const left = past(1, leaving.signal);
    const stays = past(2);
    await setImmediate();
    leaving.abort();
    open.shift()?.();
    expect((await first).status).toBe(200);
    expect((await left).status).toBe(503);
    while (open.length === 0) await setImmediate();
    open.shift()?.();
    expect((await stays).status).toBe(200);
    expect(reads).toBe(2);
  });

  it("gives what was just read again to those that ask soon after, and a failure to nobody else", async () => {
    const { request, stores } = await inspectedServer({ refreshMs: 60_000 });
    let reads = 0;
    stores.before = () => (++reads === 1 ? Promise.reject(outage()) : Promise.resolve());
    expect((await request(ANN)).status).toBe(503);
    expect((await request(ANN)).status).toBe(200);
    expect((await request(ANN)).status).toBe(200);
    expect(reads).toBe(2);
  });

  it.each([
    ["a store that is down", outage(), 503, "offline_store_unavailable"],
    [
      "a table that is missing",
      new StoreConfigError("secret-query: not there", {}),
      503,
      "offline_store_unavailable",
    ],
    [
      "a key with too many events",
      new BusyKeyError({
        ...{
          plan: features.plan("user_purchases"),
          event: features.event("shop_event"),
          key: "ann",
          atMs: T,
        },
      }),
      422,
      "too_many_events",
    ],
    ["a defect", new TypeError("secret-query"), 500, "internal"],
  ])("tells of %s what a caller may know", async (_, error, status, code) => {
    const { request, stores } = await inspectedServer();
    stores.before = () => Promise.reject(error);
    const response = await request(ANN);
    const text = await response.text();
    expect({ status: response.status, code: (JSON.parse(text) as { code: string }).code }).toEqual({
      status,
      code,
    });
    expect(text).not.toMatch(/secret|10\.0/);
  });

  it("gives up at its deadline, and sheds what it can't read in time", async () => {
    const { request, stores } = await inspectedServer({ deadlineMs: 30 });
    stores.before = () => new Promise(() => undefined);
    const asked = Array.from({ length: 24 }, (_, i) =>
      request(`${ANN}&at=${new Date(E - i * MINUTE_MS).toISOString()}`),
    );
    const codes = await Promise.all(
      asked.map(async (each) => ((await (await each).json()) as { code: string }).code),
    );
    expect(new Set(codes)).toEqual(new Set(["deadline_exceeded", "overloaded"]));
    expect(codes.filter((code) => code === "overloaded")).toHaveLength(3); // one is read, twenty wait
  });
});

describe("what may not be asked", () => {
  it.each([
    ["/console/api/inspect", 400, "view"],
    ["/console/api/inspect?view=user_purchases", 400, "key"],
    ["/console/api/inspect?view=user_purchases&key=", 400, "key"],
    [`/console/api/inspect?view=user_purchases&key=${"x".repeat(1_025)}`, 400, "key"],
    ["/console/api/inspect?view=nothing&key=ann", 404, "name"],
    [`${ANN}&at=yesterday`, 400, "at"],
    [`${ANN}&at=1969-01-01T00:00:00Z`, 400, "at"],
    [`${ANN}&more=1`, 400, ""],
    ["/console/api/keys", 400, "view"],
  ])("%s", async (path, status, field) => {
    const { request } = await inspectedServer();
    const response = await request(path);
    expect(response.status).toBe(status);
    const { errors } = (await response.json()) as { errors: readonly { readonly field: string }[] };
    expect(errors[0]?.field).toBe(field);
  });

  it("another host's name, where anybody on this machine may ask", async () => {
    const { request } = await inspectedServer();
    const status = async (host: string) => (await request(ANN, { headers: { Host: host } })).status;
    expect(await status("127.0.0.1:8080")).toBe(200);
    expect(await status("[::1]:8080")).toBe(200);
    expect(await status("evil.example:8080")).toBe(403);
    expect(await status("localhost.evil.example")).toBe(403);
    const known = await inspectedServer({ guard: { loopbackOnly: false, changes: false } });
    expect((await known.request(ANN, { headers: { Host: "features.example" } })).status).toBe(200);
  });
});

it("GET /console/api/keys offers keys with rows, and keys with late events", async () => {
  const { request } = await inspectedServer();
  const offered = (await (await request("/console/api/keys?view=user_purchases")).json()) as OfferedKeysJson;
  expect(offered).toEqual({
    view: "user_purchases",
    recent: [{ key: "ann", at: new Date(E + 12_000).toISOString(), events: 6 }],
    late: [{ key: "ann", at: new Date(E - 5 * MINUTE_MS).toISOString() }],
  });
});
