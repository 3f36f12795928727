import { createDecoder } from "../core/decode.ts";
import type { EventPlan } from "../core/event-plan.ts";
import { lateName, Ledger, letterName, type Recorded, type Settled } from "../core/settled.ts";
import type { Taken } from "../core/taken.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { type OfflineStore, type PublishSpan, readArchive, textOf } from "./archive.ts";
import { queryRows } from "./bigquery-query.ts";
import { DEAD_LETTERS, LATE_EVENTS } from "./bigquery-tables.ts";

/**
 * Accounts for every message that the raw archive holds of a span of publish times: the exact, committed side of the
 * conservation law. The span must be over, and what came of it written; else what is still on its way reads as lost.
 * Held in memory: the ids of the span's messages, and of all dead letters and later late events.
 * @param plans the views of the event
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function accountFor(
  store: OfflineStore,
  event: EventPlan,
  plans: readonly ViewPlan[],
  span: PublishSpan,
): Promise<Settled> {
  return (await ledgerOf(store, event, plans, span)).settled;
}

/** An account that tells what the windows took, view by view. */
export interface ExactAccount extends Settled {
  readonly taken: Readonly<Record<string, Taken>>;
}

/**
 * The same, and what the windows made of their events: applied, duplicate or `window_closed`. The archive is read back
 * as far as a copy may be from its first: the longest window, its lateness, and `slack`. Held in memory are names and
 * times of all those events too.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function exactAccountFor(
  store: OfflineStore,
  event: EventPlan,
  plans: readonly ViewPlan[],
  span: PublishSpan,
): Promise<ExactAccount> {
  const rememberMs = Math.max(
    ...plans.map((plan) => plan.longestMs + plan.slideMs + plan.allowedLatenessMs + plan.slackMs),
  );
  const before = { fromMs: span.fromMs - rememberMs, beforeMs: span.fromMs };
  const { settled, taken } = await ledgerOf(store, event, plans, span, before);
  return { ...settled, taken };
}

async function ledgerOf(
  store: OfflineStore,
  event: EventPlan,
  plans: readonly ViewPlan[],
  span: PublishSpan,
  before?: PublishSpan,
): Promise<Ledger> {
  const recorded = await readRecorded(store, event.name, before ?? span);
  const ledger = new Ledger(createDecoder(event), plans, recorded);
  if (before !== undefined) {
    for await (const messages of readArchive(store, event.name, before)) {
      for (const message of messages) ledger.remember(message);
    }
  }
  for await (const messages of readArchive(store, event.name, span)) {
    for (const message of messages) ledger.add(message);
  }
  return ledger;
}

/** By first publish, which for a message that was published again may be long before the span. */
async function readRecorded(
  { client, dataset, generation, retry }: OfflineStore,
  event: string,
  { fromMs }: PublishSpan,
): Promise<Recorded> {
  const run = (sql: string, params: Readonly<Record<string, unknown>>) =>
    queryRows(client, { sql, params: { generation, ...params }, dataset }, retry);
  const letters = await run(
    `SELECT DISTINCT message_id, reason FROM ${DEAD_LETTERS}
WHERE event = @event AND reason <> 'row_rejected' AND generation = @generation`,
    { event },
  );
  const late = await run(
    `SELECT DISTINCT view, message_id, reason FROM ${LATE_EVENTS}
WHERE delivered_time >= TIMESTAMP_MILLIS(@fromMs) AND generation = @generation`,
    { fromMs },
  );
  const column = textOf;
  return {
    letters: new Set(letters.map((row) => letterName(column(row, "message_id"), column(row, "reason")))),
    late: new Set(
      late.map((row) => lateName(column(row, "view"), column(row, "message_id"), column(row, "reason"))),
    ),
  };
}
