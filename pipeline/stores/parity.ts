import { compareKey, type KeyRecord, type Scope, type KeyVerdict } from "../core/audit/compare.ts";
import { judge } from "../core/audit/judge.ts";
import type { EventPlan } from "../core/event-plan.ts";
import { FreshetError } from "../core/errors.ts";
import { formatInstant } from "../core/instant.ts";
import type { DecodedEvent } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { OfflineStore } from "./archive.ts";
import { bigtableLayout, tableIdOf } from "./bigtable-layout.ts";
import { BigtableStore } from "./bigtable-store.ts";
import { bigqueryClient, bigtableClient } from "./clients.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import { readOfflineKeys, readOfflinePanes } from "./offline-panes.ts";
import { type OnlinePanes, readOnlinePanes } from "./online-panes.ts";
import {
  type ArchiveCounts,
  type Deliveries,
  emptySample,
  sampleArchive,
  type Sampled,
  type SampleRequest,
} from "./parity-sample.ts";
import type { Retry } from "./retry.ts";

/*
 * Both stores of a view held to what its archive adds up to. What is read, in this order, so that no row can be missing
 * because it came later than the question: `complete_through`, the archive, the stores. The archive is read once for all
 * views of an event. Held in memory are the events of their sampled keys, and the rows of one batch of keys.
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
export interface ParityRequest extends SampleRequest {
  readonly event: EventPlan;
  /** Views of the event. */
  readonly plans: readonly ViewPlan[];
  /** The moment, which decides what the online store may have collected, ms. */
  readonly nowMs: number;
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

const KEYS_A_BATCH = 500;

/** A view as it is compared. */
export interface ComparedView {
  readonly plan: ViewPlan;
  readonly known: ParityPlan;
  /** To be gone through before the next view is asked for. */
  readonly keys: AsyncGenerator<ComparedKey, void>;
}

/**
 * Compares stores and archive of an event's views, one after the other, key by key.
 * @throws NothingCompleteError, StoreUnavailableError, StoreConfigError
 */
export async function* compareStores(
  endpoints: StoreEndpoints,
  request: ParityRequest,
  retry: Retry,
): AsyncGenerator<ComparedView, void> {
  const { generation } = endpoints;
  const { dataset } = endpoints.bigquery;
  const offline: OfflineStore = { client: bigqueryClient(endpoints), dataset, generation, retry };
  const store = new BigtableStore(bigtableClient(endpoints), endpoints, retry);
  const views: Sampled[] = [];
  for (const plan of request.plans) {
    const mark = await store.readCompleteThrough(plan);
    if (mark === undefined) throw new NothingCompleteError(plan.name, generation);
    views.push(await emptySample(offline, plan, request, mark.completeThroughMs));
  }
  await sampleArchive(offline, request.event, views);
  for (const view of views) yield await compared(endpoints, offline, request, view);
}

async function compared(
  endpoints: StoreEndpoints,
  offline: OfflineStore,
  request: ParityRequest,
  view: Sampled,
): Promise<ComparedView> {
  const { plan, sample, fromMs, toMs, completeThroughMs, newestMs } = view;
  const archive = view.archive.messages === 0 ? undefined : view.archive;
  for await (const keys of readOfflineKeys(offline, plan, { fromMs, toMs })) {
    for (const key of keys) sample.at(key, () => new Map());
  }
  const scope: Scope = {
    fromMs,
    toMs,
    // A row may hold an event that the archive hasn't got yet: its own subscription delivers it.
    horizonMs: archive ? Math.min(completeThroughMs, newestMs + 1) : completeThroughMs,
    ...collected(plan, endpoints.generation, request.nowMs),
  };
  const { entries, isCut } = sample.take();
  const known = { scope, completeThroughMs, archive, isSample: isCut };
  const history = (events: Deliveries) => archive && judge(plan, [...events.values()], view.verdicts.closed);
  return { plan, known, keys: compareKeys(endpoints, offline, { plan, scope, entries, isCut, history }) };
}

interface KeysToCompare {
  readonly plan: ViewPlan;
  readonly scope: Scope;
  readonly entries: readonly (readonly [key: string, events: Deliveries])[];
  readonly isCut: boolean;
  readonly history: (events: Deliveries) => KeyRecord["history"];
}

async function* compareKeys(
  endpoints: StoreEndpoints,
  offline: OfflineStore,
  { plan, scope, entries, isCut, history }: KeysToCompare,
): AsyncGenerator<ComparedKey, void> {
  let after: string | undefined;
  for (let i = 0; i === 0 || i < entries.length; i += KEYS_A_BATCH) {
    const batch = new Map(entries.slice(i, i + KEYS_A_BATCH));
    const last = [...batch.keys()].at(-1);
    const through = isCut || i + KEYS_A_BATCH < entries.length ? last : undefined;
    for await (const online of onlineBetween(endpoints, plan, after, through, offline.retry)) {
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
