import type { KeyFacts } from "../core/audit/explain.ts";
import { deliveryOf, judge, type KeyHistory } from "../core/audit/judge.ts";
import { currentEnd } from "../core/answer.ts";
import { createDecoder, isDeadLetter } from "../core/decode.ts";
import type { EventPlan } from "../core/event-plan.ts";
import type { DecodedEvent } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { type OfflineStore, readArchive, readVerdicts } from "./archive.ts";
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

/**
 * What stores and archive know of one key around an instant. The archive's span is read whole: it is ordered by time and
 * not by key.
 * @throws StoreUnavailableError, StoreConfigError
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
  const history = await historyOf(offline, request);
  const span = { fromMs: atMs - plan.longestMs - plan.slideMs, toMs: currentEnd(plan, atMs) };
  const [[online], rows, mark, known] = await Promise.all([
    readOnlinePanes(bigtable, endpoints, plan, { keys: [key] }, retry),
    readOfflinePanes(offline, plan, [key], span, "all"),
    new BigtableStore(bigtable, endpoints, retry).readCompleteThrough(plan),
    completeThroughAt(offline, plan, atMs),
  ]);
  const newest = mark !== undefined && mark.availableAtMs <= atMs ? mark.completeThroughMs : undefined;
  return {
    key,
    history,
    offline: rows,
    online: online?.panes ?? [],
    completeThroughMs: newest ?? known,
  };
}

/** A copy of an event stands less than L from the first: the archive is read that far back. */
async function historyOf(
  offline: OfflineStore,
  { plan, event, key, atMs }: FactsRequest,
): Promise<KeyHistory | undefined> {
  const span = {
    fromMs: atMs - 3 * (plan.longestMs + plan.slideMs),
    beforeMs: currentEnd(plan, atMs) + plan.allowedLatenessMs + plan.slackMs,
  };
  const { deadLetters, closed } = await readVerdicts(offline, plan, span, deliveryOf);
  const decode = createDecoder(event);
  const events = new Map<string, DecodedEvent>();
  let isEmpty = true;
  for await (const messages of readArchive(offline, plan.source, span)) {
    for (const message of messages) {
      isEmpty = false;
      const decoded = decode(message);
      if (isDeadLetter(decoded) || deadLetters.has(message.messageId)) continue;
      if (plan.key(decoded.value as never) === key) events.set(deliveryOf(decoded), decoded);
    }
  }
  return isEmpty ? undefined : judge(plan, [...events.values()], closed);
}
