import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { CHECKOUT } from "../../infra/local/install/context.ts";
import { currentEnd } from "../../pipeline/core/answer.ts";
import { features } from "../../pipeline/features/registry.ts";
import type { services as shopServices } from "../../pipeline/features/services.ts";
import { bigtableOnline } from "../../pipeline/serving/bigtable-online.ts";
import { type FeatureClient, featureClient } from "../../pipeline/serving/client.ts";
import { hedged } from "../../pipeline/serving/hedge.ts";
import type { OnlineStore } from "../../pipeline/serving/online-store.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { eventually } from "../support/live.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";
import { readmeFences } from "../support/readme.ts";
import { testServer } from "../support/serving.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testRow } from "../support/stores.ts";
import { type ProxyMode, tcpProxy } from "../support/tcp-proxy.ts";

/**
 * The feature server on Bigtable's emulator, in faults and as a process. It doesn't prove latencies, nor a real
 * instance's replication.
 */
const stack = inject("stack");
const endpoints: StoreEndpoints = { ...testEndpoints("serving", stack), generation: 3 };
const client = bigtableClient(endpoints);

beforeAll(() =>
  provisionBigtable(
    client,
    endpoints.bigtable.instance,
    bigtableLayout(features.plans, endpoints.generation),
    instantRetry(),
  ),
);
afterAll(closeClients);

/** The server on the emulator, with a clock of the test's. */
async function server(stores: StoreEndpoints, now: () => number, deadlineMs = 10_000) {
  const store = new BigtableStore(bigtableClient(stores), stores, instantRetry());
  const online = bigtableOnline(store, () => 0);
  return testServer(online, { now, limits: { keys: 200, bodyBytes: 50_000, deadlineMs } });
}

describe("Bigtable that fails", () => {
  it.each<ProxyMode>(["cut", "blackhole"])(
    "%s: a 503 within the deadline, and all is well after it",
    async (mode) => {
      const proxy = await tcpProxy(stack.bigtable);
      const behind = { ...endpoints, bigtable: { ...endpoints.bigtable, emulatorHost: proxy.address } };
      const plan = features.plan("user_purchases");
      const now = Date.now();
      const row = testRow(plan, { key: mode, windowEndMs: currentEnd(plan, now) });
      const store = new BigtableStore(client, endpoints, instantRetry());
      await store.writeRows(plan, [row]);
      const mark = currentEnd(plan, now) - plan.slideMs;
      await store.writeCompleteThrough(plan, { completeThroughMs: mark, availableAtMs: now });
      const { read, heartbeats } = await server(behind, () => now, 400);
      const ask = () => read("fraud", { keys: [{ user_id: mode }], request: { amount_usd: 1 } });
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

it("a connection that hangs: the read is made again by another, and the hanging one is cancelled", async () => {
  const proxy = await tcpProxy(stack.bigtable);
  const behind = { ...endpoints, bigtable: { ...endpoints.bigtable, emulatorHost: proxy.address } };
  const plan = features.plan("user_purchases");
  const now = Date.now();
  const store = new BigtableStore(client, endpoints, instantRetry());
  await store.writeRows(plan, [testRow(plan, { key: "hedge", windowEndMs: currentEnd(plan, now) })]);
  const hanging = bigtableOnline(new BigtableStore(bigtableClient(behind), behind, instantRetry()), () => 0);
  const ends: Promise<unknown>[] = [];
  const first: OnlineStore = {
    ...hanging,
    readViews: (...asked) => {
      const read = hanging.readViews(...asked);
      ends.push(read.catch((error: unknown) => error));
      return read;
    },
  };
  const outcomes: string[] = [];
  const onOutcome = (outcome: string) => outcomes.push(outcome);
  const hedging = hedged(
    first,
    bigtableOnline(store, () => 0),
    { after: 20, onOutcome },
  );
  await hanging.readViews([plan], ["hedge"], now, { budgetMs: 10_000 });

  proxy.setMode("blackhole");
  const panes = await hedging.readViews([plan], ["hedge"], now, { budgetMs: 60_000 });
  expect(panes.get("hedge")).toMatchObject([{ key: "hedge" }]);
  expect(outcomes).toEqual(["won"]);
  expect(await Promise.all(ends)).toMatchObject([{ name: "AbortError" }]);
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

  it("answers the typed client and the README's Python, logs and traces what it served, ends at SIGTERM", async () => {
    const collector = await otlpReceiver();
    const { child, exited, url, errors } = await served(
      "--log-vectors",
      "1",
      "--otlp-endpoint",
      collector.base,
    );
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
    expect(await exited).toBe(0);
    // A heartbeat may be late on a busy machine, and be told of.
    const lines = errors().trimEnd().split("\n");
    expect(lines.filter((line) => !/did not read .* no answer in/.test(line))).toEqual(["draining"]);
    const spans = new Set(collector.spans().map(({ name }) => name));
    expect(spans).toContain("POST /v1/services/{name}:read");
    expect(spans).toContain("ReadRows features_user");
    expect(spans).toContain("insert served_vectors");
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
});
