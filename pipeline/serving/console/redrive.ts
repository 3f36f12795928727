import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { formatInstant } from "../../core/instant.ts";
import { type DeadLetterFilter, notRedrivable, type StoredDeadLetter } from "../../stores/dead-letters.ts";
import { StoreUnavailableError } from "../../stores/errors.ts";
import { byTopic } from "../../stores/redrive.ts";
import type { RequestContext } from "../app-options.ts";
import { jsonBody } from "../body.ts";
import { check } from "../contract.ts";
import { letterId } from "./dead-letters.ts";
import type { LetterIdJson, RedriveJson } from "./dead-letters-contract.ts";
import { checkChange, type GuardOptions } from "./guard.ts";
import type { InspectorStores } from "./inspector-stores.ts";
import { instantParameter, textParameter } from "./parameters.ts";
import type { SlowReads } from "./slow-reads.ts";

/** What a redrive from the console needs. */
export interface RedriveOptions {
  readonly stores: InspectorStores;
  readonly reads: SlowReads;
  readonly guard: GuardOptions;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Letters of one redrive at most; and so many are held at once, each with up to a mebibyte. */
const MOST = 500;
const HELD = 100;
const BODY_BYTES = 524_288;
/** Refusals that are told one by one. */
const TOLD = 20;

const id = z.strictObject({
  event: textParameter,
  reason: textParameter,
  message_id: textParameter,
  publish_time: instantParameter,
});
const dryRun = { dry_run: z.boolean() };
const byLetters = z.strictObject({ ...dryRun, letters: z.array(id).min(1).max(MOST) });
const byReason = z.strictObject({
  ...dryRun,
  reason: textParameter,
  event: textParameter.optional(),
  since: instantParameter,
  until: instantParameter.optional(),
});
type Asked = z.output<typeof byLetters> | z.output<typeof byReason>;

/** `POST /dead-letters/redrive`: publishes dead letters again, each with its first publish time. */
export function redriveApi(options: RedriveOptions): Hono<RequestContext> {
  const app = new Hono<RequestContext>();
  app.post("/dead-letters/redrive", async (c) => c.json(await redrive(c, options)));
  return app;
}

async function redrive(c: Context, { stores, reads, guard, now }: RedriveOptions): Promise<RedriveJson> {
  checkChange(c.req.raw, guard);
  const sent = await jsonBody(c.req.raw, BODY_BYTES);
  const hasLetters = typeof sent === "object" && sent !== null && "letters" in sent;
  // One of the two and not a union of them: so a fault is told of the one that was meant.
  const asked: Asked = check<Asked>(hasLetters ? byLetters : byReason, sent);
  return await reads.run("redrive", undefined, async (budgetMs) => {
    const untilMs = ("reason" in asked ? asked.until : undefined) ?? now();
    const { chosen, more } = await choose(stores, asked, untilMs, budgetMs);
    const left = [...Map.groupBy(chosen, (each) => notRedrivable(each) ?? "")].filter(([why]) => why !== "");
    const good = chosen.filter((each) => notRedrivable(each) === undefined);
    const done = asked.dry_run ? trial(good) : await publish(stores, good, budgetMs);
    return {
      dry_run: asked.dry_run,
      chosen: chosen.length,
      left: left.map(([why, of]) => ({ why, letters: of.length })),
      more,
      until: formatInstant(untilMs),
      ...done,
    };
  });
}

/** The letters that are meant, without their data, the oldest first. */
async function choose(
  stores: InspectorStores,
  asked: Asked,
  untilMs: number,
  budgetMs: number,
): Promise<{ readonly chosen: readonly StoredDeadLetter[]; readonly more: boolean }> {
  if ("letters" in asked) {
    const ids = asked.letters.map((each) => ({ ...each, publish_time: formatInstant(each.publish_time) }));
    return { chosen: await named(stores, ids, budgetMs, 0), more: false };
  }
  const { reason, event, since } = asked;
  const filter: DeadLetterFilter = {
    ...{ reason, sinceMs: since, untilMs, limit: MOST + 1 },
    ...(event !== undefined && { event }),
  };
  const found = await stores.deadLetters(filter, budgetMs, 0);
  return { chosen: found.slice(0, MOST).toReversed(), more: found.length > MOST };
}

/** Letters by their names; of those asked for, the ones that there are. The oldest first. */
async function named(
  stores: InspectorStores,
  ids: readonly LetterIdJson[],
  budgetMs: number,
  dataBytes?: number,
): Promise<readonly StoredDeadLetter[]> {
  const nameOf = ({ event, reason, message_id, publish_time }: LetterIdJson) =>
    JSON.stringify([event, reason, message_id, publish_time]);
  const wanted = new Set(ids.map(nameOf));
  const times = ids.map(({ publish_time }) => Date.parse(publish_time));
  const filter: DeadLetterFilter = {
    messageIds: [...new Set(ids.map(({ message_id }) => message_id))],
    ...{ sinceMs: Math.min(...times), untilMs: Math.max(...times) },
    limit: 10 * MOST, // a message may be the letter of several events or reasons
  };
  const found = await stores.deadLetters(filter, budgetMs, dataBytes);
  return found.filter((each) => wanted.has(nameOf(letterId(each)))).toReversed();
}

type Done = Pick<RedriveJson, "published" | "refused" | "interrupted">;

function trial(good: readonly StoredDeadLetter[]): Done {
  const published = byTopic(good).map(({ topic, ofTopic }) => ({ topic, messages: ofTopic.length }));
  return { published, refused: [], interrupted: null };
}

/** Publishes in parts: what is published stays so, and is told, where a store fails amid it. */
async function publish(
  stores: InspectorStores,
  good: readonly StoredDeadLetter[],
  budgetMs: number,
): Promise<Done> {
  const dueMs = performance.now() + budgetMs;
  const published = new Map<string, number>();
  const refused: { message_id: string; detail: string }[] = [];
  let interrupted: string | null = null;
  try {
    for (let i = 0; i < good.length; i += HELD) {
      const leftMs = dueMs - performance.now();
      if (leftMs < budgetMs / 4) {
        interrupted = "it takes too long: another redrive goes on from here";
        break;
      }
      const part = await named(stores, good.slice(i, i + HELD).map(letterId), leftMs);
      for (const { topic, ofTopic } of byTopic(part)) {
        const result = await stores.publishAgain(topic, ofTopic, leftMs);
        published.set(topic, (published.get(topic) ?? 0) + result.published);
        for (const { entry, detail } of result.refused) {
          refused.push({ message_id: entry.attributes["freshet_first_message_id"] ?? "", detail });
        }
      }
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    interrupted = "a store stopped answering: those that are left out can be published by another redrive";
  }
  return {
    published: [...published].map(([topic, messages]) => ({ topic, messages })),
    refused: refused.slice(0, TOLD),
    interrupted,
  };
}
