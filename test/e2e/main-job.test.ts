import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { readOfflinePanes } from "../../pipeline/stores/offline-panes.ts";
import { eventMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { EXPLAINED, instructiveEvents, runExplain, runParity, tamper } from "../support/audited.ts";
import {
  archived,
  eventually,
  expectTruth,
  type Live,
  offlineRows,
  publish,
  query,
  retry,
  startLive,
} from "../support/live.ts";
import { shopTraffic } from "../support/shop-traffic.ts";

/*
 * The main job as `npm start` runs it, on a stack of its own, and what is left of it after each part has been killed
 * in mid-stream. The truth is worked out by the oracle from the raw archive. It doesn't prove anything about Google's
 * own services, nor about a Flink cluster: the engine is embedded.
 */
const SLIDE_MS = 60_000;
let live: Live;
const shop = shopTraffic(Date.now);

/** The end of the window that holds this moment. */
const windowOfNow = () => Math.floor(Date.now() / SLIDE_MS) * SLIDE_MS + SLIDE_MS;

beforeAll(async () => {
  live = await startLive();
});
afterAll(async () => {
  await live.stop();
  await closeClients();
});

describe("the main job", () => {
  it("sends a purchase through to both stores", async () => {
    await publish(live, shop.next(1));
    const plan = features.plan("user_purchases");
    const [row] = await eventually(async () => {
      const rows = await offlineRows(live, plan);
      expect(rows).not.toEqual([]);
      return rows;
    });
    expect(row).toMatchObject({ key: "u0", seq: 1, timing: "EARLY" });
    expect(row?.values.slice(0, 4)).toEqual([1, 1, 0.1, 0.1]);
    await publish(live, instructiveEvents(Date.now()));
  });

  it("routes what can't be used: dead letters with their bytes, late events with their reason", async () => {
    const bad = ["no json", '{"event_id":"x"}', Buffer.from([0x22, 0xff, 0x22])];
    const late = {
      event_id: "late",
      event_type: "purchase",
      user_id: "late",
      item_id: "i",
      amount_usd: 1,
      country: "DE",
    };
    await publish(live, [
      ...bad.map((data) => eventMessage(Buffer.from(data))),
      eventMessage(Buffer.from(JSON.stringify({ ...late, occurred_at: Date.now() - 600_000 })), {
        eventId: "late",
      }),
      eventMessage(Buffer.from(JSON.stringify({ ...late, occurred_at: Date.now() + 600_000 })), {
        eventId: "early",
      }),
    ]);
    await eventually(async () => {
      const letters = await query(live.session, "SELECT reason, data FROM dead_letters");
      expect(letters.map(({ reason }) => reason).sort()).toEqual([
        "event_time_in_future",
        "invalid_utf8",
        "malformed",
        "schema_mismatch",
      ]);
      const malformed = letters.find(({ reason }) => reason === "malformed");
      expect(Buffer.from(malformed?.["data"] as string, "base64").toString()).toBe("no json");
      const rows = await query(
        live.session,
        "SELECT view, reason, entity_key FROM late_events WHERE event_id = 'late'",
      );
      expect(rows.map(({ view, reason }) => JSON.stringify([view, reason])).sort()).toEqual([
        '["item_activity","late"]',
        '["user_purchases","late"]',
      ]);
    });
  });
});

describe("the main job, a part of it killed in mid-stream", () => {
  const kills: Record<string, () => Promise<void>> = {
    worker: () => live.job.killWorker(),
    engine: async () => {
      await live.session.stack.kill("engine");
      await live.job.recover("killed by the test");
    },
    bigquery: () => live.session.stack.kill("bigquery").then(() => live.session.revive("bigquery")),
    bigtable: () => live.session.stack.kill("bigtable").then(() => live.session.revive("bigtable")),
    pubsub: () => live.session.stack.kill("pubsub").then(() => live.session.revive("pubsub")),
  };

  it.each(Object.keys(kills))("takes up its work again after the %s was killed", async (part) => {
    await publish(live, shop.next(40));
    const before = live.job.metrics.counter("shop_event.read");
    await kills[part]?.();
    await publish(live, shop.next(40));
    await eventually(() => expect(live.job.metrics.counter("shop_event.read")).toBeGreaterThan(before));
    await eventually(async () => {
      const last = `e${shop.sent - 1}`;
      const archive = await archived(live);
      expect(archive.map(({ attributes }) => attributes["event_id"])).toContain(last);
    });
  });

  it("ends with what the oracle says, in both stores, nothing acknowledged lost", async () => {
    const throughMs = windowOfNow();
    for (const plan of features.plans) await expectTruth(live, plan, throughMs);
    const published = new Set((await archived(live)).map(({ attributes }) => attributes["event_id"]));
    for (let n = 0; n < shop.sent; n++) expect(published).toContain(`e${n}`);
  });
});

/* After all of that. It doesn't prove anything about sizes: what is compared are some hundred messages. */
describe("parity and explain", () => {
  const plan = features.plan("user_purchases");

  it("finds both stores equal to the archive", async () => {
    const { code, parity } = await runParity(live);
    expect(parity.views.flatMap(({ told }) => told)).toEqual([]);
    expect(parity.views.map(({ view }) => view)).toEqual(features.plans.map(({ name }) => name));
    const messages = (await archived(live)).length;
    for (const view of parity.views) {
      expect(view.archive?.messages).toBeGreaterThanOrEqual(messages);
      expect(view.archive?.dead_letters).toBeGreaterThanOrEqual(4);
      expect(view.windows).toBeGreaterThan(view.keys - 3); // those of late events only have no window
      expect(view.missing_on_time_row).toBe(0);
    }
    expect(code).toBe(0);
  });

  it("explains a key by what became of each of its events", async () => {
    const { explanation, text } = await runExplain(live, plan, EXPLAINED);
    const classes = explanation.events.map((event) => [event.event_id, event.class, event.clamped]);
    expect(classes).toEqual([
      ["x-on-time", "applied", false],
      ["x-clamped", "applied", true],
      ["x-on-time", "duplicate", false],
      ["x-late", "late", false],
      ["x-filtered", "filtered", false],
    ]);
    const [onTime, , copy] = explanation.events;
    expect(onTime?.first_pane).toMatchObject({ seq: expect.any(Number) as number });
    expect(copy?.first_pane).toBeNull();
    expect(explanation.panes.filter(({ chosen }) => chosen)).toMatchObject([
      { seq: 2, online: true, offline: true, features: explanation.recomputed?.features ?? {} },
    ]);
    expect(explanation.answer.features).toMatchObject({ purchase_count_1h: { value: 2, status: "PRESENT" } });
    expect(text).toMatch(/a {2}applied +x-on-time .* first in the \w+ pane of/);
    expect(text).toMatch(/clamped: its clock said/);
  });

  it("names what was made wrong, with the events behind it", async () => {
    const { stores } = live.session;
    const store = {
      client: bigqueryClient(stores),
      dataset: stores.bigquery.dataset,
      generation: 0,
      retry,
    };
    const span = { fromMs: 0, toMs: windowOfNow() };
    const [row] = await readOfflinePanes(store, plan, [EXPLAINED], span, "last");
    if (row === undefined) throw new Error("there is no row to make wrong");
    await tamper(live, plan, row);
    const { code, parity } = await runParity(live, "--view", plan.name);
    expect(code).toBe(1);
    const told = parity.views.flatMap((view) => view.told);
    const found = told.map(({ kind, store: where, key }) => [kind, where, key]);
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        ["values_differ", "online", EXPLAINED],
        ["missing_offline", "offline", EXPLAINED],
        ["unexpected_row", "offline", "ghost"],
      ]),
    );
    const changed = told.find(({ kind }) => kind === "values_differ");
    expect(changed?.columns).toContain("purchase_count_1h");
    expect(changed?.events.map((event) => [event.event_id, event.class])).toEqual(
      expect.arrayContaining([
        ["x-on-time", "applied"],
        ["x-on-time", "duplicate"],
        ["x-late", "late"],
      ]),
    );
  });
});
