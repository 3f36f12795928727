import type { KeyFacts } from "../core/audit/explain.ts";
import { deliveryOf, judge, type KeyHistory } from "../core/audit/judge.ts";
import { currentEnd } from "../core/answer.ts";
import { createDecoder, isDeadLetter } from "../core/decode.ts";
import { FreshetError } from "../core/errors.ts";
import { readEventRecord } from "../core/avro-schema.ts";
import type { EventPlan } from "../core/event-plan.ts";
import type { DecodedEvent } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { isArchiveEmpty, type OfflineStore, type PublishSpan, readArchive, readVerdicts } from "./archive.ts";
import { BigtableStore } from "./bigtable-store.ts";
import { bigqueryClient, bigtableClient } from "./clients.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import { completeThroughAt, readOfflinePanes } from "./offline-panes.ts";
import { readOnlinePanes } from "./online-panes.ts";
import type { Retry } from "./retry.ts";

/** The key and the instant that an explanation is about. */
export interface FactsRequest {
  readonly plan: ViewPlan;
  readonly event: EventPlan;
  readonly key: string;
  readonly atMs: number;
}

/** Messages of one key at most: a key with more of them is no matter for a picture. */
const MOST_MESSAGES = 50_000;

/** Thrown for a key whose events are too many to be held in memory and judged one by one. */
export class BusyKeyError extends FreshetError {
  constructor({ plan, key }: FactsRequest) {
    const message = `${plan.keyField} ${JSON.stringify(key)} has more than ${String(MOST_MESSAGES)} messages near that instant: too many to explain one by one`;
    super("busy_key", message, { view: plan.name, key });
  }
}

/**
 * What stores and archive know of one key around an instant. Of the archive those messages are read that may hold the
 * key; it is ordered by time and not by key, so BigQuery looks at all of the span.
 * @throws StoreUnavailableError, StoreConfigError
 * @throws BusyKeyError
 */
export async function readKeyFacts(
  endpoints: StoreEndpoints,
  request: FactsRequest,
  retry: Retry,
): Promise<KeyFacts> {
  const { plan, key, atMs } = request;
  const { generation } = endpoints;
  const { dataset } = endpoints.bigquery;
  const offline: OfflineStore = { client: bigqueryClient(endpoints), dataset, generation, retry };
  const bigtable = bigtableClient(endpoints);
  const span = { fromMs: atMs - plan.longestMs - plan.slideMs, toMs: currentEnd(plan, atMs) };
  const [history, [online], rows, completeThroughMs] = await Promise.all([
    historyOf(offline, request),
    readOnlinePanes(bigtable, endpoints, plan, { keys: [key] }, retry),
    readOfflinePanes(offline, plan, [key], span, "all"),
    markAt(offline, new BigtableStore(bigtable, endpoints, retry), request),
  ]);
  return { key, history, offline: rows, online: online?.panes ?? [], completeThroughMs };
}

/** The online store has the newest mark only: what an older instant could know stands offline. */
async function markAt(
  offline: OfflineStore,
  online: BigtableStore,
  { plan, atMs }: FactsRequest,
): Promise<number | undefined> {
  const mark = await online.readCompleteThrough(plan);
  if (mark !== undefined && mark.availableAtMs <= atMs) return mark.completeThroughMs;
  return await completeThroughAt(offline, plan, atMs);
}

/** A copy of an event stands less than L from the first: the archive is read that far back. */
async function historyOf(offline: OfflineStore, request: FactsRequest): Promise<KeyHistory | undefined> {
  const { plan, atMs } = request;
  const span = {
    fromMs: atMs - 3 * (plan.longestMs + plan.slideMs),
    beforeMs: currentEnd(plan, atMs) + plan.allowedLatenessMs + plan.slackMs,
  };
  const [{ deadLetters, closed }, found] = await Promise.all([
    readVerdicts(offline, plan, span, deliveryOf),
    decodedOf(offline, request, span),
  ]);
  if (found.length === 0 && (await isArchiveEmpty(offline, plan.source, span))) return undefined;
  // Of one delivery the archive may have copies; `messageId` is the first publish's, `id` this one's.
  const events = new Map(
    found.filter(({ id }) => !deadLetters.has(id)).map(({ decoded }) => [deliveryOf(decoded), decoded]),
  );
  return judge(plan, [...events.values()], closed);
}

interface Found {
  readonly id: string;
  readonly decoded: DecodedEvent;
}

/** The key's messages of a span that can be decoded. */
async function decodedOf(
  offline: OfflineStore,
  request: FactsRequest,
  span: PublishSpan,
): Promise<readonly Found[]> {
  const { plan, event, key } = request;
  const decode = createDecoder(event);
  const found: Found[] = [];
  const text = isWrittenOut(event, plan.keyField) ? key : undefined;
  for await (const messages of readArchive(offline, plan.source, span, text)) {
    for (const message of messages) {
      const decoded = decode(message);
      if (isDeadLetter(decoded) || plan.key(decoded.value as never) !== key) continue;
      found.push({ id: message.messageId, decoded });
    }
    if (found.length > MOST_MESSAGES) throw new BusyKeyError(request);
  }
  return found;
}

/** Whether a field's text stands in every message as it is: a revision that lacks it stands for its default. */
function isWrittenOut({ revisions }: EventPlan, field: string): boolean {
  return revisions.every(({ avro }) =>
    readEventRecord(avro).fields.some(({ name, kind }) => name === field && kind === "string"),
  );
}
