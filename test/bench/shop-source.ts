import { seededRandom } from "../../infra/local/simulator/random.ts";
import { zipf } from "../../infra/local/simulator/zipf.ts";
import type { Collection, Graph } from "../../pipeline/beam/beam.ts";
import { messageCoder } from "../../pipeline/beam/element-coders.ts";
import type { PubsubMessage } from "../../pipeline/core/model.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";

/** Messages to make: the same options give the same messages. */
export interface Shop {
  readonly events: number;
  readonly users: number;
  /** How users share the events: `zipf`, or each alike. */
  readonly spread: "zipf" | "even";
  /** Event time that the events spread over, in the order of publishing. */
  readonly minutes: number;
  readonly seed: number;
}

const START_MS = Date.UTC(2026, 0, 5, 12);
/** Publish is this long after the event, at most. */
const MOST_DELAY_MS = 5_000;

/** Purchases as the topic carries them, made as they are read: what a source costs is little then. */
export function* shopMessages({ events, users, spread, minutes, seed }: Shop): Generator<PubsubMessage> {
  const random = seededRandom(seed);
  const user = spread === "even" ? () => random.integer(users) : zipf(users, 1, random);
  const gapMs = (minutes * 60_000) / events;
  for (let i = 0; i < events; i++) {
    const occurredAt = START_MS + Math.floor(i * gapMs);
    const id = `e${i}`;
    const json =
      `{"event_id":"${id}","event_type":"purchase","user_id":"user-${user()}","item_id":"item-${i % 997}",` +
      `"amount_usd":${(i % 9_973) / 100},"country":"DE","occurred_at":${occurredAt}}`;
    yield {
      messageId: String(i),
      publishTimeMs: occurredAt + random.integer(MOST_DELAY_MS),
      attributes: { event_id: id, googclient_schemaencoding: "JSON" },
      orderingKey: "",
      data: Buffer.from(json),
    };
  }
}

/** The messages as a bounded source, as a recording is one. */
export function readShop(graph: Graph, name: string, shop: Shop): Collection<PubsubMessage> {
  const start = graph.impulse(`${name}/impulse`);
  return graph.parDo(start, `${name}/read`, { doFn: "bench shop", config: shop, output: messageCoder });
}

/** Makes the DoFn of this file known to the worker. */
export function registerShop(): void {
  registerDoFn("bench shop", (shop: Shop): DoFn<Uint8Array, PubsubMessage> => ({
    async process(_impulse, context) {
      let sinceRoom = 0;
      for (const message of shopMessages(shop)) {
        context.emit(message, { timestamp: message.publishTimeMs });
        if (++sinceRoom % 100 === 0) await context.ready();
      }
    },
  }));
}
