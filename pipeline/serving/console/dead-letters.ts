import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { formatInstant } from "../../core/instant.ts";
import { notRedrivable, type StoredDeadLetter } from "../../stores/dead-letters.ts";
import type { StoredLateEvent } from "../../stores/late-events.ts";
import type { OutcomeCount } from "../../stores/outcome-counts.ts";
import type { RequestContext } from "../app-options.ts";
import { Problem } from "../problem.ts";
import type {
  LateEventJson,
  LateEventsJson,
  LetterIdJson,
  LetterJson,
  LettersJson,
  OutcomeJson,
  OutcomesJson,
  WholeLetterJson,
} from "./dead-letters-contract.ts";
import type { Inspecting } from "./inspecting.ts";
import {
  cursorOf,
  hoursParameter,
  instantParameter,
  limitParameter,
  parameters,
  placeOf,
  textParameter,
} from "./parameters.ts";

/** What the page of dead letters is made of. */
export interface DeadLettersOptions extends Inspecting {
  /** Whether they may be published again from here. */
  readonly changes: boolean;
}

const HOUR_MS = 3_600_000;
/** Spans of a summary: bars that can be told apart in a narrow chart. */
const SPANS = 48;
const HEAD_BYTES = 96;
const DATA_BYTES = 65_536;

const summary = z.strictObject({ hours: hoursParameter });
const page = { hours: hoursParameter, after: textParameter.optional(), limit: limitParameter.default(50) };
const letters = z.strictObject({
  ...page,
  event: textParameter.optional(),
  reason: textParameter.optional(),
});
const letter = z.strictObject({
  event: textParameter,
  reason: textParameter,
  message_id: textParameter,
  publish_time: instantParameter,
});
const lateEvents = z.strictObject({
  ...page,
  view: textParameter.optional(),
  reason: textParameter.optional(),
});
const letterPlace = z.tuple([z.string(), z.string(), z.string(), z.number()]);
const latePlace = z.tuple([z.string(), z.string(), z.number()]);

/** What became no event, or joined no window. */
export function deadLettersApi(options: DeadLettersOptions): Hono<RequestContext> {
  const app = new Hono<RequestContext>();
  app.get("/dead-letters/summary", async (c) => c.json(await summaryOf(c, options)));
  app.get("/dead-letters", async (c) => c.json(await lettersOf(c, options)));
  app.get("/dead-letters/letter", async (c) => c.json(await letterOf(c, options)));
  app.get("/late-events", async (c) => c.json(await lateEventsOf(c, options)));
  return app;
}

async function summaryOf(c: Context, options: DeadLettersOptions): Promise<OutcomesJson> {
  const { stores, reads, now, changes } = options;
  const { hours } = parameters(c, summary);
  return await reads.run("summary", String(hours), async (budgetMs) => {
    const spanMs = Math.ceil((hours * HOUR_MS) / SPANS);
    const last = Math.floor(now() / spanMs);
    const first = last - SPANS + 1;
    const count = (what: "dead_letters" | "late_events") =>
      stores.outcomes(what, first * spanMs, spanMs, budgetMs);
    const [dead, late] = await Promise.all([count("dead_letters"), count("late_events")]);
    const all = (counts: readonly OutcomeCount[]) =>
      counts.map((each) => outcomeJson(each, first)).sort((a, b) => b.total - a.total);
    return {
      since: formatInstant(first * spanMs),
      until: formatInstant((last + 1) * spanMs),
      span_ms: spanMs,
      dead_letters: all(dead),
      late_events: all(late),
      can_redrive: changes,
    };
  });
}

function outcomeJson({ source, reason, spans, newestMs }: OutcomeCount, first: number): OutcomeJson {
  const counts = Array.from({ length: SPANS }, (_, i) => spans.get(first + i) ?? 0);
  const total = counts.reduce((sum, n) => sum + n, 0);
  return { source, reason, total, newest: formatInstant(newestMs), counts };
}

async function lettersOf(c: Context, { stores, reads, now }: DeadLettersOptions): Promise<LettersJson> {
  const { hours, after, limit, event, reason } = parameters(c, letters);
  const place = after === undefined ? undefined : placeOf(after, letterPlace);
  const question = JSON.stringify([hours, after, limit, event, reason]);
  return await reads.run("letters", question, async (budgetMs) => {
    const filter = {
      sinceMs: now() - hours * HOUR_MS,
      limit: limit + 1,
      ...(event !== undefined && { event }),
      ...(reason !== undefined && { reason }),
      ...(place !== undefined && {
        after: { event: place[0], reason: place[1], messageId: place[2], publishTimeMs: place[3] },
      }),
    };
    const found = await stores.deadLetters(filter, budgetMs, HEAD_BYTES);
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return {
      letters: shown.map(letterJson),
      next:
        last === undefined
          ? null
          : cursorOf([last.event, last.reason, last.message.messageId, last.message.publishTimeMs]),
    };
  });
}

async function letterOf(c: Context, { stores, reads }: DeadLettersOptions): Promise<WholeLetterJson> {
  const { event, reason, message_id: messageId, publish_time: ms } = parameters(c, letter);
  const question = JSON.stringify([event, reason, messageId, ms]);
  const found = await reads.run("letter", question, (budgetMs) => {
    const filter = { event, reason, messageId, sinceMs: ms, untilMs: ms, limit: 1 };
    return stores.deadLetters(filter, budgetMs, DATA_BYTES);
  });
  const [only] = found;
  if (only === undefined) throw new Problem("unknown_letter", "its table has no such row");
  return {
    ...letterJson(only),
    attributes: only.message.attributes,
    ordering_key: only.message.orderingKey,
    data: Buffer.from(only.message.data).toString("base64"),
  };
}

/** Names a dead letter. */
export function letterId({ event, reason, message }: StoredDeadLetter): LetterIdJson {
  const publish_time = formatInstant(message.publishTimeMs);
  return { event, reason, message_id: message.messageId, publish_time };
}

function letterJson(stored: StoredDeadLetter): LetterJson {
  return {
    ...letterId(stored),
    detail: stored.detail,
    head: Buffer.from(stored.message.data.subarray(0, HEAD_BYTES)).toString("base64"),
    data_bytes: stored.dataBytes,
    not_redrivable: notRedrivable(stored) ?? null,
    redriven_at: stored.redrivenMs === null ? null : formatInstant(stored.redrivenMs),
  };
}

async function lateEventsOf(c: Context, options: DeadLettersOptions): Promise<LateEventsJson> {
  const { stores, reads, now, services } = options;
  const { hours, after, limit, view, reason } = parameters(c, lateEvents);
  const place = after === undefined ? undefined : placeOf(after, latePlace);
  const question = JSON.stringify([hours, after, limit, view, reason]);
  return await reads.run("late", question, async (budgetMs) => {
    const filter = {
      sinceMs: now() - hours * HOUR_MS,
      limit: limit + 1,
      ...(view !== undefined && { view }),
      ...(reason !== undefined && { reason }),
      ...(place !== undefined && {
        after: { view: place[0], messageId: place[1], deliveredTimeMs: place[2] },
      }),
    };
    const found = await stores.lateEvents(filter, budgetMs);
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    const allowed = new Map(
      services.registry.plans.map(({ name, allowedLatenessMs }) => [name, allowedLatenessMs]),
    );
    return {
      events: shown.map((each) => lateJson(each, allowed)),
      next: last === undefined ? null : cursorOf([last.view, last.messageId, last.deliveredTimeMs]),
    };
  });
}

function lateJson(late: StoredLateEvent, allowed: ReadonlyMap<string, number>): LateEventJson {
  return {
    view: late.view,
    reason: late.reason,
    key: late.key,
    event_id: late.eventId,
    message_id: late.messageId,
    event_time: formatInstant(late.eventTimeMs),
    publish_time: formatInstant(late.publishTimeMs),
    delivered_time: formatInstant(late.deliveredTimeMs),
    delay_ms: late.publishTimeMs - late.eventTimeMs,
    allowed_lateness_ms: allowed.get(late.view) ?? null,
    event: late.event,
  };
}
