/** Whole histories, drawn: what producers publish, and what happens to the pipeline that reads it. Instants are ms. */
import fc from "fast-check";
import { firstPublishAttributes } from "../../../pipeline/core/redrive.ts";
import type { PubsubMessage } from "../../../pipeline/core/model.ts";
import type { ShopEvent } from "../../../schemas/generated/shop_event.ts";
import { shopEventType } from "../messages.ts";
import { historyViews, SKEW_MS } from "./views.ts";

/** What the world does next. Numbers are drawn beforehand and mean what the run makes of them. */
export type Step =
  /** So many messages come in one bundle; the clock is at the newest one's publish. */
  | { readonly kind: "read"; readonly messages: number }
  /** So many window ends fire at most: those that the watermark allows. */
  | { readonly kind: "fire"; readonly ends: number }
  | { readonly kind: "wait"; readonly ms: number }
  /** Early rows leave; workers lose their memory; a checkpoint; back to it, what came since comes again in disorder. */
  | { readonly kind: "early" | "cool" | "checkpoint" | "crash" };

/** An instant to ask at: beside one at which answers may change. */
export interface Instant {
  /** Which of the run's instants, modulo their number. */
  readonly of: number;
  readonly besideMs: number;
}

export interface History {
  /** In the order of publish, with their bytes. */
  readonly messages: readonly PubsubMessage[];
  readonly steps: readonly Step[];
  /**
   * `honest`: the watermark waits for the oldest unread publish, as the source promises. `wild`: ends fire at any
   * moment, so that events come when their windows are gone; then nothing crashes.
   */
  readonly watermark: "honest" | "wild";
  /** Numbers by which a crash reorders what comes again. */
  readonly disorder: readonly number[];
  readonly instants: readonly Instant[];
}

/** Where a history lies, and which delays it likes. */
export interface Setting {
  readonly startMs: number;
  /** Publish times and most delays are multiples of it. */
  readonly unitMs: number;
  /** Delays at which something changes: drawn exactly, one less, one more. */
  readonly edgesMs: readonly number[];
  readonly skewMs: number;
  /** Put before every key and id, so that histories share a store and nothing else. @default "" */
  readonly prefix?: string;
}

/** The setting of `historyViews`. */
export const millisecondSetting: Setting = {
  startMs: Date.UTC(2026, 0, 1, 12),
  unitMs: 5,
  edgesMs: [0, ...historyViews.flatMap((plan) => [plan.allowedLatenessMs, plan.slackMs])],
  skewMs: SKEW_MS,
};

/** Sums of these show any rounding. */
const AMOUNTS = [0.1, 0.2, 1e16, 3, 1e-300, 2 ** 60, 0.30000000000000004];

const BROKEN = ["cut", "no json", "wrong type", "empty key", "unknown revision", "no id"] as const;

const byOne = (edges: readonly number[]) =>
  fc.tuple(fc.constantFrom(...edges), fc.constantFrom(0, -1, 1)).map(([edge, beside]) => edge + beside);

/** One in `n`; `null` else. */
const sometimes = <T>(n: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: n - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const drawnMessage = ({ unitMs, edgesMs, skewMs }: Setting) =>
  fc.record({
    publish: fc.nat({ max: 40 }),
    delayMs: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(0, unitMs) },
      { weight: 3, arbitrary: fc.nat({ max: 12 }).map((n) => n * unitMs) },
      { weight: 2, arbitrary: byOne(edgesMs) },
      // A clock that runs ahead: within what is allowed, and beyond.
      { weight: 1, arbitrary: byOne([skewMs, 0]).map((ms) => -ms) },
    ),
    user: fc.constantFrom("u", "v", "é"),
    item: fc.constantFrom("i", "j"),
    amount: fc.constantFrom(...AMOUNTS),
    country: fc.constantFrom("US", "FR", "DE", ""),
    type: fc.constantFrom<ShopEvent["event_type"]>(
      "purchase",
      "purchase",
      "purchase",
      "purchase",
      "purchase",
      "view",
    ),
    binary: fc.boolean(),
    /** Repeats an earlier message, as a publisher's retry does. */
    copies: sometimes(5, fc.nat({ max: 9 })),
    /** How long after its first publish this redriven message comes. */
    redrivenMs: sometimes(8, byOne(edgesMs.concat(unitMs)).map(Math.abs)),
    broken: sometimes(12, fc.constantFrom(...BROKEN)),
  });

type Drawn = ReturnType<typeof drawnMessage> extends fc.Arbitrary<infer T> ? T : never;

/** Histories in a setting. @param maxMessages the longest one's */
export function arbitraryHistory(setting: Setting, maxMessages = 40): fc.Arbitrary<History> {
  const read = fc.integer({ min: 1, max: 5 }).map((messages): Step => ({ kind: "read", messages }));
  const fire = fc.integer({ min: 1, max: 12 }).map((ends): Step => ({ kind: "fire", ends }));
  const wait = fc.integer({ min: 1, max: 30 }).map((ms): Step => ({ kind: "wait", ms }));
  const other = (["early", "early", "cool", "checkpoint", "crash"] as const).map((kind) =>
    fc.constant<Step>({ kind }),
  );
  return fc.record({
    messages: fc
      .array(drawnMessage(setting), { maxLength: maxMessages, size: "max" })
      .map((drawn) => published(setting, drawn)),
    steps: fc.array(fc.oneof(read, read, fire, wait, ...other), { maxLength: 50, size: "max" }),
    watermark: fc.constantFrom<History["watermark"]>("honest", "honest", "wild"),
    disorder: fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 12 }),
    instants: fc.array(fc.record({ of: fc.nat({ max: 999 }), besideMs: fc.integer({ min: -1, max: 1 }) }), {
      maxLength: 8,
    }),
  });
}

function published(setting: Setting, drawn: readonly Drawn[]): PubsubMessage[] {
  const sent: ShopEvent[] = [];
  return drawn
    .toSorted((a, b) => a.publish - b.publish)
    .map((message, i) => {
      const { redrivenMs, broken } = message;
      const publishTimeMs = setting.startMs + message.publish * setting.unitMs;
      const firstMs = publishTimeMs - (redrivenMs ?? 0);
      const original = message.copies === null ? undefined : sent[sent.length - 1 - message.copies];
      const event = original ?? ownEvent(setting, message, firstMs, i);
      sent.push(event);
      const messageId = `m${String(i)}`;
      const redriven =
        redrivenMs === null ? {} : firstPublishAttributes({ publishTimeMs: firstMs, messageId });
      const encoded = message.binary && broken === null;
      return {
        data: encoded ? shopEventType.toBuffer(event) : Buffer.from(text(event, broken)),
        attributes: {
          ...(encoded && { googclient_schemaencoding: "BINARY" }),
          ...(broken === "unknown revision" && { googclient_schemarevisionid: "none such" }),
          ...redriven,
        },
        messageId,
        publishTimeMs,
        orderingKey: "",
      };
    });
}

function ownEvent(setting: Setting, message: Drawn, firstMs: number, i: number): ShopEvent {
  const { prefix = "" } = setting;
  return {
    event_id: `${prefix}e${String(i)}`,
    event_type: message.type,
    user_id: prefix + message.user,
    item_id: prefix + message.item,
    amount_usd: message.amount,
    country: message.country,
    occurred_at: firstMs - message.delayMs,
  };
}

function text(event: ShopEvent, broken: Drawn["broken"]): string {
  const json = JSON.stringify(event);
  switch (broken) {
    case "cut":
      return json.slice(0, -1);
    case "no json":
      return "\u0000";
    case "wrong type":
      return JSON.stringify({ ...event, amount_usd: "much" });
    case "empty key":
      return JSON.stringify({ ...event, user_id: "" });
    case "no id":
      return JSON.stringify({ ...event, event_id: "" });
    case "unknown revision":
    case null:
      return json;
  }
}
