import { judgeServed, type Offline } from "../core/audit/served.ts";
import type { CompleteThrough } from "../core/complete-through.ts";
import { formatInstant } from "../core/instant.ts";
import type { StoredRow } from "../core/model.ts";
import type { ServicePlan } from "../core/service-plan.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { services } from "../features/services.ts";
import type { OfflineStore } from "../stores/archive.ts";
import { readMarks, readOfflinePanes } from "../stores/offline-panes.ts";
import { readServed, type ServedRecord } from "../stores/served-vectors.ts";
import { say, sayJson } from "./output.ts";

/** What to compare. */
export interface ServedRequest {
  /** Instants that vectors answer for, both inclusive, ms. @default an hour before `toMs` */
  readonly fromMs?: number;
  /** @default a minute ago: what was readable then is written by now */
  readonly toMs?: number;
  /** Vectors at most, the newest. */
  readonly limit: number;
  readonly nowMs: number;
  readonly json: boolean;
}

const MINUTE_MS = 60_000;
const KEYS_A_QUERY = 500;
/** How old the last heartbeat may be that a server knew, where the store was away from it. */
const MARKS_BACK_MS = 60 * MINUTE_MS;
/** Differences that are told one by one. */
const MAX_TOLD = 100;

/**
 * Holds the log of served vectors to the rule at their time, and tells what came of it.
 * @returns whether no vector differs
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function parityServed(offline: OfflineStore, request: ServedRequest): Promise<boolean> {
  const toMs = request.toMs ?? request.nowMs - MINUTE_MS;
  const fromMs = request.fromMs ?? toMs - 60 * MINUTE_MS;
  const records = await readServed(offline, { fromMs, toMs }, request.limit);
  const counts = { vectors: records.length, same: 0, ahead: 0, differs: 0, no_vector: 0, not_defined: 0 };
  let [leadMs, behindMs] = [0, 0];
  const told: object[] = [];
  const rows = new OfflineOfKeys(offline);
  for (const record of records) {
    const plan = services.find(record.service, record.version)?.plan;
    if (plan === undefined) counts.not_defined++;
    else if (record.vector === undefined) counts.no_vector++;
    else rows.expect(plan, record, record.vector.tMs);
  }
  await rows.read();
  for (const record of records) {
    const plan = services.find(record.service, record.version)?.plan;
    if (plan === undefined || record.vector === undefined) continue;
    const verdict = judgeServed(plan, record.vector, rows.of(plan, record), MINUTE_MS);
    counts[verdict.outcome]++;
    if (verdict.outcome !== "differs") {
      leadMs = Math.max(leadMs, verdict.leadMs);
      behindMs = Math.max(behindMs, verdict.behindMs);
      continue;
    }
    if (told.length >= MAX_TOLD) continue;
    const { service, version, requestId, key, vector } = record;
    const at = formatInstant(vector.tMs);
    told.push({ service, version, request_id: requestId, key, at, features: verdict.features });
  }
  const agree = counts.differs === 0;
  const span = { from: formatInstant(fromMs), to: formatInstant(toMs) };
  if (request.json)
    sayJson({ agree, served: { ...span, ...counts, most_ahead_ms: leadMs, most_behind_ms: behindMs, told } });
  else print(span, counts, { leadMs, behindMs }, told);
  return agree;
}

/** Rows of the keys that vectors were served for, and heartbeats, read view by view. */
class OfflineOfKeys {
  readonly #offline: OfflineStore;
  readonly #keys = new Map<ViewPlan, Set<string>>();
  readonly #rows = new Map<ViewPlan, Map<string, StoredRow[]>>();
  readonly #marks = new Map<ViewPlan, readonly CompleteThrough[]>();
  #oldestMs = Infinity;
  #newestMs = -Infinity;

  constructor(offline: OfflineStore) {
    this.#offline = offline;
  }

  /** Notes what a vector will ask for. */
  expect({ views }: ServicePlan, { key }: ServedRecord, tMs: number): void {
    this.#oldestMs = Math.min(this.#oldestMs, tMs);
    this.#newestMs = Math.max(this.#newestMs, tMs);
    for (const view of views) {
      const keys = this.#keys.get(view) ?? new Set<string>();
      this.#keys.set(view, keys.add(key[view.keyField] ?? ""));
    }
  }

  async read(): Promise<void> {
    for (const [view, keys] of this.#keys) {
      const span = {
        fromMs: this.#oldestMs - view.longestMs - view.slideMs,
        toMs: this.#newestMs + view.slideMs,
      };
      const all = [...keys];
      const rows: StoredRow[] = [];
      for (let i = 0; i < all.length; i += KEYS_A_QUERY) {
        const some = all.slice(i, i + KEYS_A_QUERY);
        rows.push(...(await readOfflinePanes(this.#offline, view, some, span, "all")));
      }
      const known = { fromMs: this.#oldestMs - MARKS_BACK_MS, toMs: this.#newestMs + MINUTE_MS };
      const marks = await readMarks(this.#offline, view, known);
      // Once here and not for each vector: a sort of what is in order is cheap.
      this.#marks.set(
        view,
        marks.sort((a, b) => b.completeThroughMs - a.completeThroughMs),
      );
      this.#rows.set(
        view,
        Map.groupBy(rows, ({ key }) => key),
      );
    }
  }

  of({ views }: ServicePlan, { key }: ServedRecord): Offline {
    const viewOf = (index: number) => views[index] as ViewPlan;
    return {
      rows: (index) => {
        const view = viewOf(index);
        return this.#rows.get(view)?.get(key[view.keyField] ?? "") ?? [];
      },
      marks: (index) => this.#marks.get(viewOf(index)) ?? [],
    };
  }
}

function print(
  { from, to }: { readonly from: string; readonly to: string },
  counts: Readonly<Record<string, number>>,
  { leadMs, behindMs }: { readonly leadMs: number; readonly behindMs: number },
  told: readonly object[],
): void {
  const { vectors, same, ahead, differs, no_vector: none, not_defined: unknown } = counts;
  say(`vectors served from ${from} to ${to}: ${String(vectors)}`);
  say(`  ${String(same)} as the rule says at their time`);
  if (ahead) say(`  ${String(ahead)} with a pane up to ${String(leadMs)} ms before its available_at`);
  if (behindMs) say(`  as_of and stale by heartbeats up to ${String(behindMs)} ms behind the newest`);
  if (none) say(`  ${String(none)} errors in place of a vector`);
  if (unknown) say(`  ${String(unknown)} of services that are not defined any more`);
  if (differs) say(`  ${String(differs)} differ`);
  for (const each of told) say(`  ${JSON.stringify(each)}`);
}
