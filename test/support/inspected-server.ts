/** A feature server with the inspecting pages' API, without a port, over stores in memory. */
import { Hono } from "hono";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import { services } from "../../pipeline/features/services.ts";
import type { AppOptions, RequestContext } from "../../pipeline/serving/app-options.ts";
import { inspectorApi, type InspectorOptions } from "../../pipeline/serving/console/inspector-api.ts";
import type { StoredDeadLetter } from "../../pipeline/stores/dead-letters.ts";
import type { StoredLateEvent } from "../../pipeline/stores/late-events.ts";
import { MemoryInspector } from "./memory-inspector.ts";
import { MemoryStore } from "./memory-store.ts";
import { E, T, testServer } from "./serving.ts";

export const MINUTE_MS = 60_000;

/** The server at `T`, with what `pictured` puts into its stores. */
export async function inspectedServer(
  changes: Partial<InspectorOptions> = {},
  app: Partial<AppOptions> = {},
) {
  const stores = pictured();
  const failures: string[] = [];
  const options: InspectorOptions = {
    services,
    stores,
    limits: { keys: 200, bodyBytes: 50_000, deadlineMs: 250 },
    secured: false,
    guard: { loopbackOnly: true, changes: true },
    now: () => T,
    refreshMs: 0,
    deadlineMs: 5_000,
    onFailure: (message) => failures.push(message),
    ...changes,
  };
  const server = await testServer(new MemoryStore(), {
    console: (metrics) => {
      const mounted = new Hono<RequestContext>();
      mounted.route("/console/api", inspectorApi(options, metrics));
      return mounted;
    },
    ...app,
  });
  return { ...server, stores, failures };
}

/** An event of a shopper, published `delayMs` after it happened. */
export function shopEvent(
  eventId: string,
  eventTimeMs: number,
  delayMs: number,
  changes: Partial<DecodedEvent> = {},
): DecodedEvent {
  const publishTimeMs = eventTimeMs + delayMs;
  return {
    eventId,
    messageId: `1${String(publishTimeMs)}${String(eventId.length)}`,
    publishTimeMs,
    deliveredTimeMs: publishTimeMs,
    eventTimeMs,
    rawEventTimeMs: eventTimeMs,
    clamped: false,
    value: {
      event_id: eventId,
      event_type: "purchase",
      user_id: "ann",
      item_id: eventId,
      amount_usd: 10,
      country: "DE",
      occurred_at: eventTimeMs,
    },
    ...changes,
  };
}

/*
 *   11:40        11:55        11:58    E      T
 *     phone        kettle       hat       toaster
 *     (late:       (250 s       (twice)   (its clock said 25 s later)
 *      15 min)      later)
 */
function pictured(): MemoryInspector {
  const stores = new MemoryInspector();
  const hat = shopEvent("hat", E - 2 * MINUTE_MS, 800);
  const toaster = shopEvent("toaster", E + 12_000, 0, { clamped: true, rawEventTimeMs: E + 37_000 });
  stores.events.set("ann", [
    shopEvent("phone", E - 20 * MINUTE_MS, 15 * MINUTE_MS),
    shopEvent("kettle", E - 5 * MINUTE_MS, 250_000),
    hat,
    shopEvent("hat", E - 2 * MINUTE_MS, 1_900),
    toaster,
    shopEvent("look", E - 8 * MINUTE_MS, 700, { value: { ...hat.value, event_type: "view" } }),
  ]);
  stores.letters.push(
    deadLetter("malformed", "the message is not JSON: Unexpected end of JSON input", E - 3_000, "{"),
    deadLetter("malformed", "the message is not JSON: Unexpected token", E - 4_000, "[1,"),
    deadLetter(
      "schema_mismatch",
      'amount_usd is "12.50": it must be a number',
      E - 90 * MINUTE_MS,
      '{"amount_usd":"12.50"}',
    ),
    deadLetter("invalid_utf8", "byte 2 is no UTF-8", E - 5 * MINUTE_MS, Uint8Array.of(0x22, 0xff, 0x22)),
    deadLetter("row_rejected", "BigQuery: no such column", E - 7 * MINUTE_MS, '{"user_id":"ann"}'),
  );
  stores.late.push(lateEvent("phone", E - 20 * MINUTE_MS, 15 * MINUTE_MS));
  return stores;
}

function deadLetter(
  reason: string,
  detail: string,
  publishTimeMs: number,
  content: string | Uint8Array,
): StoredDeadLetter {
  const data = typeof content === "string" ? Buffer.from(content) : content;
  return {
    event: "shop_event",
    reason,
    detail,
    isWhole: true,
    dataBytes: data.byteLength,
    redrivenMs: null,
    message: {
      data,
      attributes: { event_id: "x", googclient_schemaencoding: "JSON" },
      messageId: `2${String(publishTimeMs)}`,
      publishTimeMs,
      orderingKey: "",
    },
  };
}

function lateEvent(eventId: string, eventTimeMs: number, delayMs: number): StoredLateEvent {
  const event = shopEvent(eventId, eventTimeMs, delayMs);
  const { messageId, publishTimeMs, deliveredTimeMs, rawEventTimeMs } = event;
  return {
    ...{ view: "user_purchases", reason: "late", key: "ann", eventId, messageId },
    ...{ publishTimeMs, deliveredTimeMs, eventTimeMs, rawEventTimeMs },
    event: JSON.stringify(event.value),
  };
}
