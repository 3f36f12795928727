import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { Retry } from "../../pipeline/stores/retry.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { countPlan } from "../support/plans.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testRow, testStoredRow } from "../support/stores.ts";
import { type ProxyMode, tcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

/** Networks that fail and come back, in front of the emulators: writers and readers ride it out and lose nothing. */
const MINUTE = 60_000;
const plan = countPlan({ slideMs: MINUTE, longestMs: 3 * MINUTE, sizesMs: [3 * MINUTE] });
const E = Math.floor(Date.now() / MINUTE) * MINUTE;
const stack = inject("stack");
const direct = testEndpoints("stores_faults", stack);

let bigtable: TcpProxy;
let bigquery: TcpProxy;

beforeAll(async () => {
  bigtable = await tcpProxy(stack.bigtable, false);
  bigquery = await tcpProxy(new URL(stack.bigquery).host, false);
  const { dataset } = direct.bigquery;
  await provisionBigtable(
    bigtableClient(direct),
    direct.bigtable.instance,
    bigtableLayout([plan], 0),
    instantRetry(),
  );
  const layout = bigqueryLayout([plan], { project: direct.project, dataset }, 0);
  await provisionBigquery(bigqueryClient(direct), dataset, layout, instantRetry());
});
afterAll(async () => {
  await closeClients();
  await Promise.all([bigtable.close(), bigquery.close()]);
});

/** Heals the network at the second retry; every retry comes at once. */
function healing(proxy: TcpProxy, retries: string[]): Retry {
  const { policy } = instantRetry();
  return {
    policy: { ...policy, attempts: 40, baseMs: 100, maxDelayMs: 200, attemptMs: 1_000 },
    random: () => 0.5,
    onRetry: (_call, error) => {
      retries.push(String(error));
      if (retries.length === 2) proxy.setMode("open");
    },
  };
}

it.each<ProxyMode>(["cut", "blackhole"])("Bigtable behind a network that is %s for a while", async (mode) => {
  const endpoints = testEndpoints("stores_faults", { bigtable: bigtable.address });
  const retries: string[] = [];
  const store = new BigtableStore(bigtableClient(endpoints), endpoints, healing(bigtable, retries));
  const rows = Array.from({ length: 300 }, (_, i) => testRow(plan, { key: `${mode} ${i}`, windowEndMs: E }));
  await store.writeRows(plan, rows.slice(0, 1)); // the connection stands before it fails
  bigtable.setMode(mode);
  expect(await store.writeRows(plan, rows)).toEqual([]);
  expect(retries.length).toBeGreaterThanOrEqual(2);
  const readBack = await new BigtableStore(bigtableClient(direct), direct, instantRetry()).readPanes(
    plan,
    rows.map(({ key }) => key),
    E,
  );
  expect(readBack.size).toBe(300);

  retries.length = 0;
  bigtable.setMode(mode);
  expect((await store.readPanes(plan, [`${mode} 7`], E)).size).toBe(1);
  expect(retries.length).toBeGreaterThanOrEqual(2);
});

it.each<ProxyMode>(["cut", "blackhole"])("BigQuery behind a network that is %s for a while", async (mode) => {
  const { dataset } = direct.bigquery;
  const client = bigqueryClient(testEndpoints("stores_faults", { bigquery: `http://${bigquery.address}` }));
  const retries: string[] = [];
  const rows = Array.from({ length: 300 }, (_, i) =>
    featureInsert(plan, testStoredRow(plan, { key: `${mode} ${i}`, windowEndMs: E })),
  );
  bigquery.setMode(mode);
  expect(await appendRows(client, dataset, "purchases_v1", rows, healing(bigquery, retries))).toEqual([]);
  expect(retries.length).toBeGreaterThanOrEqual(2);
  const sql = `SELECT COUNT(*) AS n FROM purchases WHERE STARTS_WITH(user_id, '${mode} ')`;
  expect(await queryRows(bigqueryClient(direct), { sql, dataset }, instantRetry())).toEqual([{ n: 300 }]);
});
