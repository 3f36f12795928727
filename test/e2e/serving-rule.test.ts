import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { CompleteThrough } from "../../pipeline/core/complete-through.ts";
import { formatInstant } from "../../pipeline/core/instant.ts";
import type { StoredRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import {
  defineFeatureService,
  defineFeatureView,
  defineRegistry,
  defineServices,
  prefixed,
} from "../../pipeline/define/index.ts";
import { user } from "../../pipeline/features/entities.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { bigtableOnline } from "../../pipeline/serving/bigtable-online.ts";
import type { FeatureJson } from "../../pipeline/serving/vector-json.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { asOfCases, KEYS, ruled, sample } from "../support/as-of-cases.ts";
import { testServer } from "../support/serving.ts";
import { answersBySql, loadOffline, type SqlAnswer } from "../support/sql-answers.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";

/** Three tellings of one rule, of the same rows: the server on Bigtable, core, and SQL on BigQuery. */
const SEED = 11;
const HOUR_MS = 3_600_000;
/** Of now, or the emulator's garbage collection could take the cells. */
const START_MS = Math.floor(Date.now() / HOUR_MS - 2) * HOUR_MS;
const INSTANTS = 250;
const endpoints: StoreEndpoints = { ...testEndpoints("serving_rule", inject("stack")), generation: 3 };
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
const { plans } = services.registry;

beforeAll(() =>
  provisionBigtable(
    client,
    endpoints.bigtable.instance,
    bigtableLayout(plans, endpoints.generation),
    instantRetry(),
  ),
);
afterAll(closeClients);

/** A view's answer as features of a vector are told. */
function told(
  plan: ViewPlan,
  { columns, stale, asOfMs, seq }: SqlAnswer,
  t: number,
): [string, FeatureJson][] {
  const origin = {
    stale,
    as_of: asOfMs === undefined ? null : formatInstant(asOfMs),
    age_ms: asOfMs === undefined ? null : t - asOfMs,
    seq,
  };
  return columns.map((column, c) => {
    const name = plan.columns[c]?.name ?? "";
    return [plan === userViews.plan ? `seen_${name}` : name, { ...column, ...origin }];
  });
}

it(`answers ${String(INSTANTS * (KEYS.length + 1))} random (key, t) as the rule does, and the training query`, async () => {
  const store = new BigtableStore(client, endpoints, instantRetry());
  const cases = plans.map((plan, i) => {
    const { rows, marks, instant } = asOfCases(plan, START_MS, endpoints.generation, SEED + 10 * i);
    const own = rows.filter(({ generation }) => generation === endpoints.generation);
    return { plan, rows: own, allRows: rows, marks, instant };
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
  const { read, heartbeats } = await testServer(
    bigtableOnline(store, () => 0),
    { services, now: () => t },
  );
  const instants = sample(fc.oneof(...cases.map(({ instant }) => instant)), INSTANTS, SEED);
  const answered: { key: string; tMs: number; got: Readonly<Record<string, FeatureJson>> | undefined }[] = [];
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
        const { pane, ...rest } = ruled(plan, rows, marks, key, t);
        return told(plan, { ...rest, seq: pane?.seq ?? 0 }, t);
      });
      answered.push({ key, tMs: t, got });
      expect({ key, t, got }).toEqual({ key, t, got: Object.fromEntries(expected) });
      present += expected.filter(([, { status }]) => status === "PRESENT").length;
    }
  }
  expect(present).toBeGreaterThan(INSTANTS);

  await loadOffline(
    endpoints,
    cases.map(({ plan, allRows, marks }) => ({ plan, rows: allRows, marks })),
  );
  const bySql = await Promise.all(plans.map((plan) => answersBySql(endpoints, plan, answered)));
  expect(bySql.map(({ length }) => length)).toEqual(plans.map(() => INSTANTS * (KEYS.length + 1)));
  for (const [i, { key, tMs, got }] of answered.entries()) {
    const expected = plans.flatMap((plan, p) => told(plan, bySql[p]?.[i] as SqlAnswer, tMs));
    expect({ key, tMs, got }).toEqual({ key, tMs, got: Object.fromEntries(expected) });
  }
});
