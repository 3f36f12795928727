import { compareKey, type KeyRecord, type Scope, type KeyVerdict } from "../core/audit/compare.ts";
import { deliveryOf, judge } from "../core/audit/judge.ts";
import { KeySample } from "../core/audit/key-sample.ts";
import { createDecoder, isDeadLetter } from "../core/decode.ts";
import type { EventPlan } from "../core/event-plan.ts";
import { FreshetError } from "../core/errors.ts";
import { formatInstant } from "../core/instant.ts";
import type { DecodedEvent } from "../core/model.ts";
import { sliceOf } from "../core/slices.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { type OfflineStore, type PublishSpan, readArchive, readVerdicts } from "./archive.ts";
import { bigtableLayout, tableIdOf } from "./bigtable-layout.ts";
import { BigtableStore } from "./bigtable-store.ts";
import { bigqueryClient, bigtableClient } from "./clients.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import { readOfflineKeys, readOfflinePanes } from "./offline-panes.ts";
import { type OnlinePanes, readOnlinePanes } from "./online-panes.ts";
import type { Retry } from "./retry.ts";

/*
 * Both stores of a view held to what its archive adds up to. What is read, in this order, so that no row can be missing
 * because it came later than the question: `complete_through`, the archive, the stores. Held in memory are the events
 * of the sampled keys, and the rows of one batch of keys.
 */

/** Thrown when nothing can be compared: the pipeline said of no window that it is complete. */
export class NothingCompleteError extends FreshetError {
  constructor(view: string, generation: number) {
    super(
      "nothing_complete",
      `${view} has no complete_through in generation ${String(generation)}: no pipeline has run there for a minute, or another generation is meant (--generation)`,
      { view, generation },
    );
  }
}

/** What to compare. */
export interface ParityRequest {
  readonly plan: ViewPlan;
  readonly event: EventPlan;
  /** Window ends from here, inclusive, ms. @default a day before `toMs`: what the online store surely keeps */
  readonly fromMs?: number;
  /** To here, inclusive; never beyond `complete_through`. @default complete_through */
  readonly toMs?: number;
  /** Number of keys, by their hash. */
  readonly keys: number;
  /** The moment, which decides what the online store may have collected, ms. */
  readonly nowMs: number;
}

/** What the archive held in the span that matters. */
export interface ArchiveCounts {
  /** Messages, as often as they stand there. */
  readonly messages: number;
  /** Of them those that no event can be made of, and those that the pipeline recorded as dead letters. */
  readonly deadLetters: number;
}

/** What is compared, once it is known. */
export interface ParityPlan {
  readonly scope: Scope;
  /** The mark below which everything must be there. */
  readonly completeThroughMs: number;
  /** `undefined`: the archive is empty, and the stores are held to each other only. */
  readonly archive: ArchiveCounts | undefined;
  /** There are more keys than were asked for. */
  readonly isSample: boolean;
}

/** One key and what came of it. */
export interface ComparedKey {
  readonly key: string;
  readonly verdict: KeyVerdict;
}

/** Events by `deliveryOf`. */
type Deliveries = Map<string, DecodedEvent>;

const DAY_MS = 86_400_000;
const KEYS_A_BATCH = 500;

/**
 * Compares a view's stores and archive, key by key.
 * @param onPlan told once, before the first key
 * @throws NothingCompleteError, StoreUnavailableError, StoreConfigError
 */
export async function* compareStores(
  endpoints: StoreEndpoints,
  request: ParityRequest,
  retry: Retry,
  onPlan: (plan: ParityPlan) => void,
): AsyncGenerator<ComparedKey, void> {
  const { plan } = request;
  const bigtable = bigtableClient(endpoints);
  const { generation } = endpoints;
  const { dataset } = endpoints.bigquery;
  const offline: OfflineStore = { client: bigqueryClient(endpoints), dataset, generation, retry };
  const mark = await new BigtableStore(bigtable, endpoints, retry).readCompleteThrough(plan);
  if (mark === undefined) throw new NothingCompleteError(plan.name, generation);

  const toMs = Math.min(request.toMs ?? Infinity, sliceOf(mark.completeThroughMs, plan.slideMs));
  const fromMs = request.fromMs ?? toMs - DAY_MS;
  const sample = new KeySample<Deliveries>(request.keys);
  const { archive, newestMs, closed } = await sampleArchive(offline, request, { fromMs, toMs }, sample);
  for await (const keys of readOfflineKeys(offline, plan, { fromMs, toMs })) {
    for (const key of keys) sample.at(key, () => new Map());
  }
  const scope: Scope = {
    fromMs,
    toMs,
    // A row may hold an event that the archive hasn't got yet: its own subscription delivers it.
    horizonMs: archive ? Math.min(mark.completeThroughMs, newestMs + 1) : mark.completeThroughMs,
    ...collected(plan, generation, request.nowMs),
  };
  const { entries, isCut } = sample.take();
  onPlan({ scope, completeThroughMs: mark.completeThroughMs, archive, isSample: isCut });

  const history = (events: Deliveries) => archive && judge(plan, [...events.values()], closed);
  let after: string | undefined;
  for (let i = 0; i === 0 || i < entries.length; i += KEYS_A_BATCH) {
    const batch = new Map(entries.slice(i, i + KEYS_A_BATCH));
    const last = [...batch.keys()].at(-1);
    const through = isCut || i + KEYS_A_BATCH < entries.length ? last : undefined;
    for await (const online of onlineBetween(endpoints, plan, after, through, retry)) {
      // Rows that only one of the stores knows are compared too.
      const keys = new Set([...online.keys(), ...(online.isLast ? batch.keys() : [])]);
      const rows = await readOfflinePanes(offline, plan, [...keys], scope, "last");
      const offlineRows = Map.groupBy(rows, ({ key }) => key);
      for (const key of keys) {
        const { panes = [], unreadable = [] } = online.get(key) ?? {};
        const record: KeyRecord = {
          ...{ key, online: panes, unreadable, offline: offlineRows.get(key) ?? [] },
          history: history(batch.get(key) ?? new Map<string, DecodedEvent>()),
        };
        batch.delete(key);
        yield { key, verdict: compareKey(plan, record, scope) };
      }
    }
    after = last;
  }
}

/** Rows by key, and whether they are the last of their range. */
class OnlineRows extends Map<string, OnlinePanes> {
  isLast = false;
}

/** The online rows of a range, a batch at a time; the last batch may be empty. */
async function* onlineBetween(
  endpoints: StoreEndpoints,
  plan: ViewPlan,
  after: string | undefined,
  through: string | undefined,
  retry: Retry,
): AsyncGenerator<OnlineRows, void> {
  const client = bigtableClient(endpoints);
  for (let from = after; ;) {
    const choice = { after: from, through, limit: KEYS_A_BATCH };
    const found = await readOnlinePanes(client, endpoints, plan, choice, retry);
    const rows = new OnlineRows(found.map((each) => [each.key, each]));
    rows.isLast = found.length < KEYS_A_BATCH;
    yield rows;
    if (rows.isLast) return;
    from = found.at(-1)?.key;
  }
}

/** Reads the archive into the sample. A copy of an event stands less than L from the first: that far back it goes. */
async function sampleArchive(
  offline: OfflineStore,
  { plan, event }: ParityRequest,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  sample: KeySample<Deliveries>,
) {
  const span: PublishSpan = {
    fromMs: fromMs - 2 * plan.longestMs - plan.slideMs,
    beforeMs: toMs + plan.allowedLatenessMs + plan.slackMs + 1,
  };
  const { deadLetters, closed } = await readVerdicts(offline, plan, span, deliveryOf);
  const decode = createDecoder(event);
  const counts = { messages: 0, deadLetters: 0 };
  let newestMs = -Infinity;
  for await (const messages of readArchive(offline, plan.source, span)) {
    for (const message of messages) {
      counts.messages++;
      newestMs = Math.max(newestMs, message.publishTimeMs);
      const decoded = decode(message);
      if (isDeadLetter(decoded) || deadLetters.has(message.messageId)) counts.deadLetters++;
      else if (plan.accepts(decoded.value as never)) {
        // The archive may hold a delivery twice.
        sample.at(plan.key(decoded.value as never), () => new Map())?.set(deliveryOf(decoded), decoded);
      }
    }
  }
  return { archive: counts.messages === 0 ? undefined : counts, newestMs, closed };
}

/** What the online store's garbage collection may have taken. */
function collected(plan: ViewPlan, generation: number, nowMs: number) {
  const [table] = bigtableLayout([plan], generation).filter(({ id }) => id === tableIdOf(plan));
  const gc = table?.families.at(-1)?.gc;
  return {
    collectedMs: gc?.maxAgeS === undefined ? -Infinity : nowMs - gc.maxAgeS * 1000,
    maxVersions: gc?.maxVersions ?? Infinity,
  };
}

/** @throws FreshetError where the ends of a span stand the wrong way round */
export function checkSpan(fromMs: number | undefined, toMs: number | undefined): void {
  if (fromMs === undefined || toMs === undefined || fromMs <= toMs) return;
  const span = { from: formatInstant(fromMs), to: formatInstant(toMs) };
  throw new FreshetError("span_backwards", `--from ${span.from} is after --to ${span.to}: swap them`, span);
}
