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
import type { Inspecting } from "./inspecting.ts";
import type { InspectorStores } from "./inspector-stores.ts";
import { instantParameter, textParameter } from "./parameters.ts";

/** What a redrive from the console needs. */
export interface RedriveOptions extends Omit<Inspecting, "services"> {
  readonly guard: GuardOptions;
}

/** Letters of one redrive at most; and so many are held at once, each with up to a mebibyte. */
const MOST = 500;
const HELD = 100;
const BODY_BYTES = 524_288;
const UNRECORDED = "the last of these were published, but BigQuery didn’t record it: they are not marked";
/** Refusals that are told one by one. */
const TOLD = 20;

const id = z.strictObject({
  event: textParameter,
  reason: textParameter,
  message_id: textParameter,
  publish_time: instantParameter,
});
const manner = { dry_run: z.boolean(), again: z.boolean().default(false) };
const byLetters = z.strictObject({ ...manner, letters: z.array(id).min(1).max(MOST) });
const byReason = z.strictObject({
  ...manner,
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
    const whys = Map.groupBy(chosen, (each) => leftOut(each, asked.again));
    const good = whys.get(undefined) ?? [];
    const left = [...whys].flatMap(([why, of]) => (why === undefined ? [] : [{ why, letters: of.length }]));
    const done = asked.dry_run ? trial(good) : await publish(stores, good, now, budgetMs);
    return {
      dry_run: asked.dry_run,
      chosen: chosen.length,
      left,
      more,
      until: formatInstant(untilMs),
      ...done,
    };
  });
}

/** Why a letter is not published; undefined: it is. */
function leftOut(letter: StoredDeadLetter, again: boolean): string | undefined {
  const why = notRedrivable(letter);
  if (why !== undefined || again || letter.redrivenMs === null) return why;
  return "it was published again before";
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
  const { reason, event, since, again } = asked;
  const filter: DeadLetterFilter = {
    ...{ reason, sinceMs: since, untilMs, limit: MOST + 1 },
    ...(event !== undefined && { event }),
    ...(!again && { redriven: false }),
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
  now: () => number,
  budgetMs: number,
): Promise<Done> {
  const dueMs = performance.now() + budgetMs;
  const published = new Map<string, number>();
  const refused: { message_id: string; detail: string }[] = [];
  let interrupted: string | null = null;
  try {
    for (let i = 0; i < good.length && interrupted === null; i += HELD) {
      const leftMs = dueMs - performance.now();
      if (leftMs < budgetMs / 4) {
        interrupted = "it takes too long: another redrive goes on from here";
        break;
      }
      const part = await named(stores, good.slice(i, i + HELD).map(letterId), leftMs);
      for (const { topic, ofTopic } of byTopic(part)) {
        const result = await stores.publishAgain(topic, ofTopic, now(), leftMs);
        if (result.unrecorded !== null) interrupted = UNRECORDED;
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
