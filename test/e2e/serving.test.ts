import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { CHECKOUT } from "../../infra/local/install/context.ts";
import { currentEnd } from "../../pipeline/core/answer.ts";
import { formatInstant } from "../../pipeline/core/instant.ts";
import type { StoredRow } from "../../pipeline/core/model.ts";
import {
  defineFeatureService,
  defineFeatureView,
  defineRegistry,
  defineServices,
  prefixed,
} from "../../pipeline/define/index.ts";
import { user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { features } from "../../pipeline/features/registry.ts";
import type { services as shopServices } from "../../pipeline/features/services.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { bigtableOnline } from "../../pipeline/serving/bigtable-online.ts";
import { type FeatureClient, featureClient } from "../../pipeline/serving/client.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { CompleteThrough } from "../../pipeline/stores/complete-through.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { asOfCases, KEYS, ruled, sample } from "../support/as-of-cases.ts";
import { eventually } from "../support/live.ts";
import { readmeFences } from "../support/readme.ts";
import { testServer } from "../support/serving.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testRow } from "../support/stores.ts";
import { type ProxyMode, tcpProxy } from "../support/tcp-proxy.ts";

/**
 * The feature server on Bigtable's emulator, by its own rule and as a process. It doesn't prove latencies, nor a real
 * instance's replication.
 */
const SEED = 11;
const HOUR_MS = 3_600_000;
/** Of now, or the emulator's garbage collection could take the cells. */
const START_MS = Math.floor(Date.now() / HOUR_MS - 2) * HOUR_MS;
const INSTANTS = 250;
const stack = inject("stack");
const endpoints: StoreEndpoints = { ...testEndpoints("serving", stack), generation: 3 };
const client = bigtableClient(endpoints);

/** A second view of the same entity with another slide: both are read by one request, with a limit each. */
const userViews = defineFeatureView({
  name: "user_views",
  version: 1,
  source: shopEvents,
  entity: user,
  where: (event) => event.event_type === "view",
  window: { slide: "5m", allowedLateness: "5m" },
  freshness: "5m",
  features: (agg) => ({
    view_count: agg.count({ over: ["30m", "2h"] }),
    last_item: agg.last("item_id", { over: ["2h"] }),
  }),
});
const services = defineServices(defineRegistry([userPurchases, userViews]), [
  defineFeatureService({ name: "both", version: 1, views: [userPurchases, prefixed("seen", userViews)] }),
]);
const plans = services.registry.plans;

beforeAll(() =>
  provisionBigtable(
    client,
    endpoints.bigtable.instance,
    bigtableLayout(plans, endpoints.generation),
    instantRetry(),
  ),
);
afterAll(closeClients);

/** The server on the emulator, with a clock of the test's. */
async function server(stores: StoreEndpoints, now: () => number, deadlineMs = 10_000) {
  const store = new BigtableStore(bigtableClient(stores), stores, instantRetry());
  const online = bigtableOnline(store, () => 0);
  return testServer(online, { services, now, limits: { keys: 200, bodyBytes: 50_000, deadlineMs } });
}

it(`answers ${String(INSTANTS * (KEYS.length + 1))} random (key, t) as the rule does that training obeys`, async () => {
  const store = new BigtableStore(client, endpoints, instantRetry());
  const cases = plans.map((plan, i) => {
    const { rows, marks, instant } = asOfCases(plan, START_MS, endpoints.generation, SEED + 10 * i);
    const own = rows.filter(({ generation }) => generation === endpoints.generation);
    return { plan, rows: own, marks, instant };
  });
  // The store holds at t what was readable at t: rows and marks go in as time goes by.
  const inTime = <T extends { readonly availableAtMs: number }>(all: readonly T[]): T[] =>
    [...all].sort((a, b) => a.availableAtMs - b.availableAtMs);
  const pending = cases.map(({ plan, rows, marks }) => ({ plan, rows: inTime(rows), marks: inTime(marks) }));
  const due = <T extends { readonly availableAtMs: number }>(all: T[], tMs: number): T[] => {
    const taken = all.filter(({ availableAtMs }) => availableAtMs <= tMs);
    all.splice(0, taken.length);
    return taken;
  };

  let t = START_MS;
  const { read, heartbeats } = await server(endpoints, () => t);
  const instants = sample(fc.oneof(...cases.map(({ instant }) => instant)), INSTANTS, SEED);
  let present = 0;
  for (t of instants.sort((a, b) => a - b)) {
    for (const { plan, rows, marks } of pending) {
      const write = (all: readonly StoredRow[]) => store.writeRows(plan, all);
      // One at a time where two are of one cell: the later write wins, as it does in the pipeline.
      for (const row of due(rows, t)) await write([row]);
      for (const mark of due<CompleteThrough>(marks, t)) await store.writeCompleteThrough(plan, mark);
    }
    await heartbeats.refresh();
    const keys = [...KEYS, "nobody"];
    const { json } = await read("both", { keys: keys.map((user_id) => ({ user_id })) });
    for (const [i, key] of keys.entries()) {
      const got = json.results[i]?.features;
      const expected = cases.flatMap(({ plan, rows, marks }) => {
        const { columns, stale, asOfMs, pane } = ruled(plan, rows, marks, key, t);
        const origin = {
          stale,
          as_of: asOfMs === undefined ? null : formatInstant(asOfMs),
          age_ms: asOfMs === undefined ? null : t - asOfMs,
          seq: pane?.seq ?? 0,
        };
        return columns.map((column, c) => {
          const name = plan.columns[c]?.name ?? "";
          return [plan === userViews.plan ? `seen_${name}` : name, { ...column, ...origin }] as const;
        });
      });
      expect({ key, t, got }).toEqual({ key, t, got: Object.fromEntries(expected) });
      present += expected.filter(([, { status }]) => status === "PRESENT").length;
    }
  }
  expect(present).toBeGreaterThan(INSTANTS);
});

describe("Bigtable that fails", () => {
  it.each<ProxyMode>(["cut", "blackhole"])(
    "%s: a 503 within the deadline, and all is well after it",
    async (mode) => {
      const proxy = await tcpProxy(stack.bigtable);
      const behind = { ...endpoints, bigtable: { ...endpoints.bigtable, emulatorHost: proxy.address } };
      const { plan } = userPurchases;
      const now = Date.now();
      const row = testRow(plan, { key: mode, windowEndMs: currentEnd(plan, now) });
      const store = new BigtableStore(client, endpoints, instantRetry());
      await store.writeRows(plan, [row]);
      const mark = currentEnd(plan, now) - plan.slideMs;
      await store.writeCompleteThrough(plan, { completeThroughMs: mark, availableAtMs: now });
      const { read, heartbeats } = await server(behind, () => now, 400);
      const ask = () => read("both", { keys: [{ user_id: mode }] });
      await heartbeats.refresh();
      expect((await ask()).json.results[0]?.features?.["spend_1h"]?.status).toBe("PRESENT");

      proxy.setMode(mode);
      const { status, json, headers } = await ask();
      expect(status).toBe(503);
      expect(["store_unavailable", "deadline_exceeded"]).toContain(json.code);
      expect(json.complete_through).toMatchObject({ user_purchases: expect.any(String) as string });
      expect(headers.get("retry-after")).toBe("1");

      proxy.setMode("open");
      await eventually(async () => expect((await ask()).status).toBe(200));
    },
  );
});

describe("freshet serve", () => {
  const main = fileURLToPath(new URL("../../pipeline/main.ts", import.meta.url));
  const own = testEndpoints("serve_command", stack);
  const names = [
    ...["--project", own.project, "--instance", own.bigtable.instance, "--dataset", own.bigquery.dataset],
    ...[
      "--bigtable-emulator",
      own.bigtable.emulatorHost ?? "",
      "--bigquery-endpoint",
      own.bigquery.apiEndpoint ?? "",
    ],
  ];

  async function served(...args: string[]) {
    const child = spawn(
      process.execPath,
      [main, "serve", "--port", "0", "--deadline", "10s", ...args, ...names],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const exited = once(child, "exit").then(([code]) => code as number | null);
    for await (const line of createInterface({ input: child.stdout })) {
      const [url] = /http:\S+/.exec(line) ?? [];
      if (url !== undefined) return { child, exited, url, errors: () => errors };
    }
    throw new Error(`it did not listen: ${errors}`);
  }

  beforeAll(async () => {
    const layout = bigtableLayout(features.plans, own.generation);
    await provisionBigtable(client, own.bigtable.instance, layout, instantRetry());
    const plan = features.plan("user_purchases");
    const row = testRow(plan, { key: "you", windowEndMs: currentEnd(plan, Date.now()) });
    await new BigtableStore(bigtableClient(own), own, instantRetry()).writeRows(plan, [row]);
  });

  it("answers the typed client and the README's Python, logs what it served, and ends at SIGTERM", async () => {
    const { child, exited, url, errors } = await served("--log-vectors", "1");
    const typed: FeatureClient<typeof shopServices> = featureClient({ url });
    const vector = await typed.read("fraud", { user_id: "you" }, { amount_usd: 12.5 });
    expect(vector).toMatchObject({ purchase_count_1h: 1, mean_amount_1h: 4, amount_to_mean: 12.5 / 4 });

    const script = path.join(CHECKOUT, "test", "data", "read_vector.py");
    for (const { language, text } of readmeFences()) {
      if (language === "python") expect(text).toBe(await readFile(script, "utf8"));
    }
    const python = spawn("python3", [script], { env: { ...process.env, FRESHET_URL: url } });
    let said = "";
    python.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    expect(await once(python, "close")).toEqual([0, null]);
    expect(said).toContain("'purchase_count_1h': 1, ");
    expect(said).toContain("'above_max': True");

    child.kill("SIGTERM");
    expect({ code: await exited, errors: errors() }).toEqual({ code: 0, errors: "draining\n" });
    const logged = await queryRows(
      bigqueryClient(own),
      {
        sql: "SELECT service, caller, entity_key, features FROM served_vectors",
        dataset: own.bigquery.dataset,
      },
      instantRetry(),
    );
    expect(logged.map(({ entity_key }) => entity_key)).toEqual(['{"user_id":"you"}', '{"user_id":"you"}']);
    expect(JSON.parse(logged[0]?.["features"] as string)).toMatchObject({ purchase_count_1h: { value: 1 } });
  });

  it("is for others than this machine only where they are asked who they are", async () => {
    await expect(served("--host", "0.0.0.0")).rejects.toThrow("--api-keys-file");
    await expect(served("--api-keys-file", "/nowhere")).rejects.toThrow("/nowhere can't be read");
  });
});
