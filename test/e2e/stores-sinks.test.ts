import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { DeadLetter, FeatureRow, StoredRow } from "../../pipeline/core/model.ts";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import { StoreUnavailableError } from "../../pipeline/stores/errors.ts";
import { completeThroughSink } from "../../pipeline/stores/sinks/complete-through-sink.ts";
import type { SinkEnvironment } from "../../pipeline/stores/sinks/config.ts";
import { deadLetterSink } from "../../pipeline/stores/sinks/dead-letter-sink.ts";
import { lateSink } from "../../pipeline/stores/sinks/late-sink.ts";
import { offlineSink } from "../../pipeline/stores/sinks/offline-sink.ts";
import { onlineSink } from "../../pipeline/stores/sinks/online-sink.ts";
import { countPlan, testEvent } from "../support/plans.ts";
import { PubsubRest } from "../support/pubsub-rest.ts";
import { runSink } from "../support/run-sink.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testRow } from "../support/stores.ts";

/** The sinks against the emulators, one bundle at a time. What a worker and an engine make of them is tested elsewhere. */
const MINUTE = 60_000;
const plan = countPlan({ slideMs: MINUTE, longestMs: 3 * MINUTE, sizesMs: [3 * MINUTE] });
const E = Math.floor(Date.now() / MINUTE) * MINUTE;
const NOW = E + 250;
const now = () => NOW;
const stack = inject("stack");
const endpoints = testEndpoints("stores_sinks", stack);
const env: SinkEnvironment = { plan: () => plan, random: () => 0 };
const config = { endpoints, view: plan.name, version: plan.version };
const store = new BigtableStore(bigtableClient(endpoints), endpoints, instantRetry());
const pubsub = new PubsubRest(stack.pubsubRest, endpoints.project);
const query = (sql: string) =>
  queryRows(bigqueryClient(endpoints), { sql, dataset: endpoints.bigquery.dataset }, instantRetry());
/** Nothing listens there, and nothing waits. */
const nowhere = testEndpoints("stores_sinks");
const hasty = { ...instantRetry(2).policy, baseMs: 0 };

beforeAll(async () => {
  const { dataset } = endpoints.bigquery;
  const layout = bigqueryLayout([plan], { project: endpoints.project, dataset }, endpoints.generation);
  await provisionBigquery(bigqueryClient(endpoints), dataset, layout, instantRetry());
  const tables = bigtableLayout([plan], endpoints.generation);
  await provisionBigtable(bigtableClient(endpoints), endpoints.bigtable.instance, tables, instantRetry());
  await pubsub.createTopic("stores-late");
  await pubsub.createTopic("stores-dead-letters");
});
afterAll(closeClients);

describe("onlineSink, then offlineSink", () => {
  const rows = Array.from({ length: 1300 }, (_, i) =>
    testRow(plan, {
      key: `sink ${i}`,
      windowEndMs: E,
      values: [i, i],
      timing: i === 0 ? "EARLY" : "ON_TIME",
      maxPublishTimeMs: E - 50,
    }),
  );

  it("stamp rows when they are readable, write them offline after that, and survive a replayed bundle", async () => {
    const online = await runSink<FeatureRow, StoredRow | DeadLetter>(onlineSink(config, env), now);
    const offline = await runSink<StoredRow, DeadLetter>(offlineSink(config, env), now);
    for (let replay = 0; replay < 2; replay++) {
      const readable = await online.bundle(rows, () => E - 1);
      expect(readable.map(({ timestamp }) => timestamp)).toEqual(rows.map(() => E - 1));
      const stored = readable.map(({ value }) => value as StoredRow);
      const seventh = stored.find(({ key }) => key === "sink 7");
      expect(seventh).toEqual({ ...rows[7], availableAtMs: NOW, generation: 0, origin: "stream" });
      expect(await offline.bundle(stored)).toEqual([]);
    }
    expect(online.counts()).toMatchObject({
      "purchases.v1.rows_written": 2600,
      "purchases.v1.rows_rejected": 0,
    });
    expect(online.metrics.distribution("purchases.v1.freshness_ms")).toMatchObject({
      count: 2,
      min: 300,
      max: 300,
    });
    expect(offline.counts()).toMatchObject({ "purchases.v1.rows_appended": 2600 });

    const keys = rows.map(({ key }) => key);
    expect([...(await store.readPanes(plan, keys, E - 1)).values()].length).toBe(1300);
    const final = await query(
      "SELECT COUNT(*) AS n, SUM(n_60) AS total FROM purchases WHERE STARTS_WITH(user_id, 'sink ')",
    );
    expect(final).toEqual([{ n: 1300, total: (1299 * 1300) / 2 }]);
  });

  it("emit nothing when their store stays away", async () => {
    const away = { ...config, endpoints: nowhere, retry: hasty };
    const online = await runSink<FeatureRow, StoredRow | DeadLetter>(onlineSink(away, env), now);
    await expect(online.bundle(rows.slice(0, 3))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(online.counts()).toMatchObject({
      "purchases.v1.rows_written": 0,
      "purchases.v1.bigtable_retries": 1,
    });
    const offline = await runSink<StoredRow, DeadLetter>(offlineSink(away, env), now);
    const stored = { ...testRow(plan), availableAtMs: NOW, generation: 0, origin: "stream" } as const;
    await expect(offline.bundle([stored])).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});

it("lateSink writes the table and the topic", async () => {
  const event = testEvent(E - 60 * MINUTE, { publishTimeMs: E, eventId: "late 1" });
  const late = { view: plan.name, reason: "late", key: "u", event } as const;
  const run = await runSink(lateSink({ endpoints, topic: "stores-late" }, env), now);
  expect(await run.bundle([late])).toEqual([]);
  expect(run.counts()).toMatchObject({ "late.written": 1, "late.rejected": 0, "late.unpublished": 0 });
  const [row] = await query("SELECT * FROM late_events WHERE event_id = 'late 1'");
  expect(row).toMatchObject({
    view: "purchases",
    reason: "late",
    entity_key: "u",
    event_time: new Date(E - 60 * MINUTE).toISOString(),
    publish_time: new Date(E).toISOString(),
  });
  expect(JSON.parse(row?.["event"] as string)).toEqual(event.value);
  const [message] = await pubsub.take("stores-late", 1);
  expect(JSON.parse(message?.data.toString() ?? "")).toEqual(event.value);
  expect(message?.attributes).toMatchObject({ event_id: "late 1", freshet_reason: "late" });
});

describe("deadLetterSink", () => {
  const letterOf = (
    data: Uint8Array,
    messageId: string,
    reason: DeadLetter["reason"] = "malformed",
  ): DeadLetter => ({
    reason,
    detail: "no JSON",
    message: { data, attributes: { event_id: messageId }, messageId, publishTimeMs: E, orderingKey: "" },
  });

  it("keeps any bytes: whole in the topic, up to a mebibyte in the table", async () => {
    const small = Buffer.from([0xff, 0x00, 0x7b]);
    const large = Buffer.alloc(9_900_000, 0xab);
    const letters = [
      letterOf(small, "small"),
      letterOf(large, "large"),
      letterOf(small, "row:1", "row_rejected"),
    ];
    const run = await runSink(
      deadLetterSink({ endpoints, event: "purchase", topic: "stores-dead-letters" }, env),
      now,
    );
    expect(await run.bundle(letters)).toEqual([]);
    expect(run.counts()).toMatchObject({ "dead_letters.written": 3, "dead_letters.refused": 0 });

    const rows = await query(
      "SELECT message_id, reason, truncated, data_size, LENGTH(data) AS kept, attributes " +
        "FROM dead_letters ORDER BY message_id",
    );
    expect(rows).toEqual([
      {
        message_id: "large",
        reason: "malformed",
        truncated: true,
        data_size: 9_900_000,
        kept: 1 << 20,
        attributes: '{"event_id":"large"}',
      },
      {
        message_id: "row:1",
        reason: "row_rejected",
        truncated: false,
        data_size: 3,
        kept: 3,
        attributes: '{"event_id":"row:1"}',
      },
      {
        message_id: "small",
        reason: "malformed",
        truncated: false,
        data_size: 3,
        kept: 3,
        attributes: '{"event_id":"small"}',
      },
    ]);
    const [{ data } = {}] = await query("SELECT data FROM dead_letters WHERE message_id = 'small'");
    expect(Buffer.from(data as string, "base64")).toEqual(small);
    const messages = await pubsub.take("stores-dead-letters", 2);
    expect(messages.map(({ data }) => data.length).sort()).toEqual([3, 9_900_000].sort());
    expect(messages.find(({ data }) => data.length === 3)?.attributes).toMatchObject({
      event_id: "small",
      freshet_reason: "malformed",
      freshet_first_message_id: "small",
    });
  });
});

it("completeThroughSink writes Bigtable, then BigQuery", async () => {
  const run = await runSink(completeThroughSink({ endpoints }, env), now);
  await run.bundle([{ view: plan.name, version: plan.version, completeThroughMs: E }]);
  expect(await store.readCompleteThrough(plan)).toEqual({ completeThroughMs: E, availableAtMs: NOW });
  expect(await query("SELECT view, version, complete_through, available_at FROM complete_through")).toEqual([
    {
      view: "purchases",
      version: 1,
      complete_through: new Date(E).toISOString(),
      available_at: new Date(NOW).toISOString(),
    },
  ]);
});
