import type { EventPlan } from "../../core/event-plan.ts";
import { formatInstant } from "../../core/instant.ts";
import { type Settled, settledBalances } from "../../core/settled.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import type { Registry } from "../../define/index.ts";
import { accountFor } from "../../stores/account.ts";
import { countArchive, type OfflineStore, type PublishSpan } from "../../stores/archive.ts";
import { rowFreshness } from "../../stores/row-freshness.ts";
import type { FlowJson } from "./contract.ts";
import type { Freshness } from "./live-reader.ts";

/** What the committed rows tell, as of the last time they were read. */
export interface Committed {
  readonly flows: readonly FlowJson[];
  /** Archived messages of all events, over their spans; undefined: not known. */
  readonly eventsPerSecond: number | undefined;
  /** By the view's name. */
  readonly freshness: Readonly<Record<string, Freshness>>;
}

/** How the committed account is taken. */
export interface CommittedOptions {
  readonly registry: Registry;
  readonly offline: OfflineStore;
  /** Up to when a view's rows are complete, epoch ms. */
  readonly completeThrough: (plan: ViewPlan) => number | undefined;
  /** The span of publish times that is accounted for. @default 600000 */
  readonly spanMs?: number;
  /** How long before `complete_through` all is written. @default 60000 */
  readonly settleMs?: number;
  /** The span is cut to about so many messages: all of them are decoded. @default 20000 */
  readonly messages?: number;
}

/**
 * Accounts for the newest span that is settled, of each event of which all views have got somewhere.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function takeAccount(given: CommittedOptions): Promise<Committed> {
  const options = { spanMs: 600_000, settleMs: 60_000, messages: 20_000, ...given };
  const { registry, completeThrough, settleMs } = options;
  const flows: FlowJson[] = [];
  const freshness: Record<string, Freshness> = {};
  let perSecond = 0;
  for (const event of registry.events) {
    const plans = registry.plans.filter(({ source }) => source === event.name);
    const throughMs = Math.min(...plans.map((plan) => completeThrough(plan) ?? -Infinity));
    if (!Number.isFinite(throughMs)) continue;
    const span = await boundedSpan(options, event, throughMs - settleMs);
    const settled = await accountFor(options.offline, event, plans, span);
    perSecond += (settled.messages * 1_000) / (span.beforeMs - span.fromMs);
    flows.push(flowOf(event.name, span, settled));
    for (const plan of plans) {
      freshness[plan.name] = quantilesOf(
        await rowFreshness(options.offline, plan, throughMs - options.spanMs),
      );
    }
  }
  const eventsPerSecond = flows.length === 0 ? undefined : Math.round(perSecond * 10) / 10;
  return { flows, eventsPerSecond, freshness };
}

/** The span, or its newest part that has about as many messages as may be read. */
async function boundedSpan(
  { offline, spanMs, messages }: Required<CommittedOptions>,
  event: EventPlan,
  beforeMs: number,
): Promise<PublishSpan> {
  const whole = { fromMs: beforeMs - spanMs, beforeMs };
  const found = await countArchive(offline, event.name, whole);
  const part = Math.min(1, messages / Math.max(1, found));
  return { fromMs: beforeMs - Math.max(1_000, Math.floor(spanMs * part)), beforeMs };
}

/** @param sorted ascending */
function quantilesOf(sorted: readonly number[]): Freshness {
  const at = (q: number) => sorted[Math.ceil(q * sorted.length) - 1] ?? null;
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** The committed side of the conservation law. */
export function flowOf(event: string, { fromMs, beforeMs }: PublishSpan, settled: Settled): FlowJson {
  const { messages, decoded, dead_letters } = settled;
  return {
    kind: "committed",
    event,
    from: formatInstant(fromMs),
    before: formatInstant(beforeMs),
    read: messages,
    decoded,
    dead_letters,
    reasons: {},
    views: Object.entries(settled.views).map(([view, { filtered, late, dropped, windows }]) => ({
      view,
      filtered,
      late,
      dropped,
      to_windows: windows,
      applied: null,
      duplicate: null,
      window_closed: null,
      panes: null,
      rows_online: null,
      rows_offline: null,
    })),
    balances: settledBalances(settled),
  };
}
