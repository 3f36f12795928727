import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import { assign } from "../../pipeline/core/lateness.ts";
import { sliceOf } from "../../pipeline/core/slices.ts";
import { features } from "../../pipeline/features/registry.ts";
import { deadLetterInsert, featureInsert, lateInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { DEAD_LETTERS, LATE_EVENTS } from "../../pipeline/stores/bigquery-tables.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import { eventMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { runParity, storeFlags } from "../support/audited.ts";
import { freshet } from "../support/freshet.ts";
import { archived, eventually, type LiveStores, publish, query, retry } from "../support/live.ts";
import { ownStores } from "../support/own-stores.ts";
import "../support/stack-context.ts";
import { testStoredRow } from "../support/stores.ts";

/*
 * `freshet status` on stores that hold what the pipeline would have written: the archive by Pub/Sub itself, letters and
 * late events by the pipeline's own rows. It doesn't prove that the pipeline writes them: see main-job.test.ts.
 */
const purchase = { event_type: "purchase", user_id: "u", item_id: "i", amount_usd: 1, country: "DE" };
let live: LiveStores;

beforeAll(async () => {
  live = await ownStores("status", inject("stack"));
  const now = Date.now();
  const sent = (event_id: string, occurred_at: number) =>
    eventMessage(Buffer.from(JSON.stringify({ ...purchase, event_id, occurred_at })), { eventId: event_id });
  const copied = sent("copied", now);
  await publish(live, [
    copied,
    copied,
    sent("once", now),
    sent("late", now - 600_000),
    eventMessage(Buffer.from("{")),
  ]);
  await eventually(async () => expect(await archived(live)).toHaveLength(5));
  await record();
});
afterAll(closeClients);

/** Writes what becomes of the archive's messages, and that all is complete. */
async function record(): Promise<void> {
  const { stores } = live.session;
  const append = (table: string, row: ReturnType<typeof lateInsert>) =>
    appendRows(bigqueryClient(stores), stores.bigquery.dataset, table, [row], retry);
  const decode = createDecoder(features.event("shop_event"));
  for (const message of await archived(live)) {
    const event = decode(message);
    if (isDeadLetter(event)) {
      await append(DEAD_LETTERS, deadLetterInsert("shop_event", event, 0));
      continue;
    }
    for (const plan of features.plans) {
      const fate = assign(plan, event);
      if (fate.outcome !== "late") continue;
      const { key, reason } = fate;
      await append(LATE_EVENTS, lateInsert({ view: plan.name, reason, key, event }, 0));
    }
  }
  const store = new BigtableStore(bigtableClient(stores), stores, retry);
  const doneMs = Date.now() + 1;
  for (const plan of features.plans) {
    const windowEndMs = sliceOf(doneMs, plan.slideMs) + plan.slideMs;
    const row = testStoredRow(plan, {
      windowEndMs,
      timing: "EARLY",
      maxPublishTimeMs: doneMs - 1_500,
      availableAtMs: doneMs - 250,
    });
    await append(featureTableId(plan), featureInsert(plan, row));
    await store.writeCompleteThrough(plan, { completeThroughMs: doneMs, availableAtMs: doneMs });
  }
}

interface StatusJson {
  readonly ok: boolean;
  readonly lost: number;
  readonly events: readonly {
    readonly lost: number;
    readonly views: Record<string, { readonly lost: number }>;
  }[];
}

async function status(...args: string[]) {
  const { code, out, err } = await freshet([
    "status",
    "--check",
    "--settle",
    "0s",
    ...args,
    ...storeFlags(live),
  ]);
  expect(err).toBe("");
  return { code, out };
}
async function told() {
  const { code, out } = await status("--json");
  const { lost, events } = JSON.parse(out) as StatusJson;
  const views = Object.entries(events[0]?.views ?? {}).map(([view, each]) => [view, each.lost]);
  return {
    code,
    lost,
    of: { messages: events[0]?.lost, ...Object.fromEntries(views) } as Record<string, number>,
  };
}

it("accounts for every message, and tells a letter and a late event that are recorded nowhere", async () => {
  const { code, out } = await status("--exact");
  const lines = out.split("\n").map((line) => line.trim());
  expect(lines.filter((line) => line.startsWith("published to readable"))).toEqual(
    features.plans.map(() => "published to readable: p50 1.3 s, p99 1.3 s, of 1 early panes"),
  );
  expect(lines.slice(-4)).toEqual([
    "5 archived = 4 decoded + 1 dead letters ✓",
    "user_purchases: 4 decoded = 2 applied + 1 duplicate + 1 late + 0 filtered ✓",
    "item_activity: 4 decoded = 2 applied + 1 duplicate + 1 late + 0 filtered ✓",
    "",
  ]);
  expect(code).toBe(0);

  // The archive is read once for both views, and counts for each.
  const { parity } = await runParity(live);
  const archive = { messages: 5, dead_letters: 1 };
  expect(parity.views.map((each) => [each.view, each.archive])).toEqual(
    features.plans.map(({ name }) => [name, archive]),
  );

  await query(live.session, `DELETE FROM ${DEAD_LETTERS} WHERE reason = 'malformed'`);
  const none = { messages: 0, user_purchases: 0, item_activity: 0 };
  expect(await told()).toEqual({ code: 1, lost: 1, of: { ...none, messages: 1 } });

  await query(live.session, `DELETE FROM ${LATE_EVENTS} WHERE view = 'item_activity'`);
  expect(await told()).toEqual({ code: 1, lost: 2, of: { ...none, messages: 1, item_activity: 1 } });
});
