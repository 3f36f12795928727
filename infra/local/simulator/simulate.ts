import type { ShopEvent } from "../../../schemas/generated/shop_event.ts";
import { Heap } from "../pubsub/heap.ts";
import { breakEvent, DEFAULT_SHARES, encodeEvent } from "./faults.ts";
import type { FaultShares } from "./faults.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import { shopEvents } from "./shop.ts";

export interface SimulationOptions {
  /** The same seed and options give the same messages. */
  readonly seed: number;
  /** Events a second, on average, duplicates not counted. */
  readonly ratePerSecond: number;
  /** When the shop opens, epoch milliseconds. */
  readonly startMs: number;
  /** @default 2000 */
  readonly users?: number;
  /** @default 500 */
  readonly items?: number;
  readonly shares?: Partial<FaultShares>;
  /** From here on an event is late. @default 300000, 5 minutes */
  readonly allowedLatenessMs?: number;
}

/** A message to be published, and when. */
export interface SimulatedMessage {
  /** Epoch milliseconds. */
  readonly sendAtMs: number;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

const FIVE_MINUTES_MS = 300_000;
/** Most messages are sent at once; a mobile phone's may take seconds. So they leave in another order than they happened. */
const MEAN_DELAY_MS = 400;
const MAX_DELAY_MS = 8_000;
const MAX_LATER_MS = 20 * 60_000;
const MAX_RETRY_MS = 20_000;

/**
 * The messages of a simulated shop in the order in which they are sent, without end.
 * A late one is sent in its turn, but happened long before: so the first ones come at once, not after minutes.
 * @example
 * for (const { sendAtMs, data, attributes } of simulate({ seed: 1, ratePerSecond: 50, startMs: Date.now() })) …
 */
export function* simulate(options: SimulationOptions): Generator<SimulatedMessage, never> {
  const { seed, ratePerSecond, startMs, users = 2_000, items = 500 } = options;
  const random = seededRandom(seed);
  const shares = { ...DEFAULT_SHARES, ...options.shares };
  const allowedLatenessMs = options.allowedLatenessMs ?? FIVE_MINUTES_MS;
  const idPrefix = `sim-${seed}-${startMs.toString(36)}`;
  const waiting = new Heap<SimulatedMessage>((message) => message.sendAtMs);
  for (const event of shopEvents({ ratePerSecond, startMs, users, items, idPrefix }, random)) {
    // Nothing that comes later is sent before it happens.
    for (let next; (next = waiting.peek()) && next.sendAtMs <= event.occurred_at; waiting.pop()) yield next;
    const sendAtMs =
      event.occurred_at + Math.min(Math.round(random.exponential(MEAN_DELAY_MS)), MAX_DELAY_MS);
    const message = toMessage(event, sendAtMs);
    waiting.push(message);
    if (random.chance(shares.duplicate)) {
      waiting.push({ ...message, sendAtMs: sendAtMs + random.integer(MAX_RETRY_MS) });
    }
  }
  throw new Error("the shop never closes");

  function toMessage(event: ShopEvent, sendAtMs: number): SimulatedMessage {
    const attributes = { event_id: event.event_id, googclient_schemaencoding: "JSON" };
    if (random.chance(shares.malformed)) return { sendAtMs, attributes, data: breakEvent(event, random) };
    const late = random.chance(shares.late);
    const told = late ? { ...event, occurred_at: sendAtMs - lateness(allowedLatenessMs, random) } : event;
    return { sendAtMs, attributes, data: encodeEvent(told) };
  }
}

const lateness = (allowedMs: number, random: Random): number =>
  allowedMs + 1_000 + random.integer(MAX_LATER_MS);
