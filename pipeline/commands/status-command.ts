import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { formatInstant } from "../core/instant.ts";
import { lostOf, type Settled } from "../core/settled.ts";
import type { Taken } from "../core/taken.ts";
import { features } from "../features/registry.ts";
import { addStoreOptions, duration, storesOf, type StoreFlags } from "../options.ts";
import { accountFor, exactAccountFor } from "../stores/account.ts";
import type { OfflineStore } from "../stores/archive.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { rowFreshness } from "../stores/row-freshness.ts";
import { commandRetry } from "./command-retry.ts";
import { untilInterrupted } from "./interrupt.ts";
import { say, sayJson } from "./output.ts";

interface StatusFlags extends StoreFlags {
  readonly for: number;
  readonly settle: number;
  readonly exact?: boolean;
  /** `true`: without a duration. */
  readonly watch?: number | true;
  readonly check?: boolean;
  readonly json?: boolean;
}

interface ViewState {
  readonly view: string;
  readonly complete_through: string | null;
  /** Now less `complete_through`, ms. */
  readonly lag_ms: number | null;
  /** What the view declares, ms. */
  readonly freshness_ms: number;
  /** Whether answers are not stale: the lag is known, and within the declared freshness. */
  readonly fresh: boolean;
  /**
   * From the newest publish behind an early pane to the pane's being readable, ms, of the newest panes of the span; null
   * where there is none.
   */
  readonly published_to_readable_ms: {
    readonly p50: number;
    readonly p99: number;
    readonly panes: number;
  } | null;
}

interface EventState extends Settled {
  readonly event: string;
  readonly published_from: string;
  readonly published_before: string;
  /** By view, with `--exact`. */
  readonly taken?: Readonly<Record<string, Taken>>;
}

/** What one look at the stores gives. */
interface Status {
  readonly at: string;
  /** Nothing is lost, and every view is fresh. */
  readonly ok: boolean;
  readonly lost: number;
  readonly views: readonly ViewState[];
  readonly events: readonly EventState[];
}

/** `freshet status`: how far each view is, and what became of every message. Works wherever the stores are. */
export function statusCommand(): Command {
  const command = new Command("status")
    .description(
      "How far each view is behind, and what became of every archived message, by the committed rows of the stores.",
    )
    .option("--for <duration>", "account for the messages published in this long", duration, 600_000)
    .option("--settle <duration>", "how long before complete_through all is written", duration, 60_000)
    .option(
      "--exact",
      "tell applied events from duplicates: reads the archive back as far as copies are recognised",
    )
    .option("--watch [duration]", "look again and again, until Ctrl-C (default: every 10s)", duration)
    .option("--check", "exit code 1 when a message is recorded nowhere, or a view is staler than it declares")
    .option("--json", "print one JSON document");
  return addStoreOptions(command).action(status);
}

const WATCH_MS = 10_000;

async function status(flags: StatusFlags): Promise<void> {
  const endpoints = await storesOf(flags);
  try {
    const { watch } = flags;
    if (watch === undefined) {
      const seen = await look(endpoints, flags);
      tell(seen, flags);
      if (flags.check && !seen.ok) process.exitCode = 1;
      return;
    }
    const everyMs = typeof watch === "number" ? watch : WATCH_MS;
    const interrupted = untilInterrupted().then(() => true);
    do tell(await look(endpoints, flags), flags);
    while (!(await Promise.race([interrupted, sleep(everyMs, false, { ref: false })])));
  } finally {
    await closeClients();
  }
}

async function look(endpoints: StoreEndpoints, flags: StatusFlags): Promise<Status> {
  const nowMs = Date.now();
  const { generation } = endpoints;
  const { dataset } = endpoints.bigquery;
  const offline = { client: bigqueryClient(endpoints), dataset, generation, retry: commandRetry };
  const store = new BigtableStore(bigtableClient(endpoints), endpoints, commandRetry);
  const marks = new Map<string, number>();
  const views: ViewState[] = [];
  for (const plan of features.plans) {
    const { name: view, freshnessMs } = plan;
    const throughMs = (await store.readCompleteThrough(plan))?.completeThroughMs;
    if (throughMs !== undefined) marks.set(view, throughMs);
    const lagMs = throughMs === undefined ? null : nowMs - throughMs;
    views.push({
      view,
      complete_through: throughMs === undefined ? null : formatInstant(throughMs),
      lag_ms: lagMs,
      freshness_ms: freshnessMs,
      fresh: lagMs !== null && lagMs <= freshnessMs,
      published_to_readable_ms: quantilesOf(await rowFreshness(offline, plan, nowMs - flags.for)),
    });
  }
  const events = await accounts(offline, marks, flags);
  const lost = events.reduce((sum, event) => sum + lostOf(event), 0);
  const ok = lost === 0 && views.every(({ fresh }) => fresh);
  return { at: formatInstant(nowMs), ok, lost, views, events };
}

/** @param sorted ascending */
function quantilesOf(sorted: readonly number[]): ViewState["published_to_readable_ms"] {
  const at = (q: number) => sorted[Math.ceil(q * sorted.length) - 1];
  const [p50, p99] = [at(0.5), at(0.99)];
  return p50 === undefined || p99 === undefined ? null : { p50, p99, panes: sorted.length };
}

function tell(seen: Status, { json }: StatusFlags): void {
  if (json) sayJson(seen);
  else print(seen);
}

/** Of each event of which all views have got somewhere. */
async function accounts(
  offline: OfflineStore,
  marks: ReadonlyMap<string, number>,
  flags: StatusFlags,
): Promise<EventState[]> {
  const states: EventState[] = [];
  for (const event of features.events) {
    const plans = features.plans.filter(({ source }) => source === event.name);
    const throughMs = Math.min(...plans.map(({ name }) => marks.get(name) ?? -Infinity));
    if (!Number.isFinite(throughMs)) continue;
    const beforeMs = throughMs - flags.settle;
    const span = { fromMs: beforeMs - flags.for, beforeMs };
    states.push({
      event: event.name,
      published_from: formatInstant(span.fromMs),
      published_before: formatInstant(span.beforeMs),
      ...(await (flags.exact ? exactAccountFor : accountFor)(offline, event, plans, span)),
    });
  }
  return states;
}

function print({ at, views, events }: Status): void {
  say(at);
  for (const each of views) {
    const { view, complete_through: through, lag_ms: lag, freshness_ms: declared, fresh } = each;
    const state = fresh ? "✓" : "STALE";
    const behind =
      lag === null
        ? "nothing is complete yet"
        : `complete through ${String(through)}, ${seconds(lag)} behind`;
    say(`${view}: ${behind} (declared freshness ${seconds(declared)}) ${state}`);
    const took = each.published_to_readable_ms;
    if (took !== null) {
      say(
        `  published to readable: p50 ${seconds(took.p50)}, p99 ${seconds(took.p99)}, of ${took.panes} early panes`,
      );
    }
  }
  if (events.length === 0)
    say("no message can be accounted for until each view of its event has a complete_through");
  for (const event of events) {
    say(`${event.event}, published ${event.published_from} to ${event.published_before}:`);
    const { messages, decoded, dead_letters: letters, lost } = event;
    say(`  ${messages} archived = ${decoded} decoded + ${letters} dead letters${rest(lost)}`);
    for (const [view, v] of Object.entries(event.views)) {
      const dropped = v.dropped === 0 ? "" : ` + ${v.dropped} late and dropped`;
      say(
        `  ${view}: ${decoded} decoded = ${windowsOf(v.windows, event.taken?.[view])} + ${v.late} late${dropped} + ${v.filtered} filtered${rest(v.lost)}`,
      );
    }
  }
}

/** What went to the windows: in one class, or by what these made of it. */
function windowsOf(windows: number, taken: Taken | undefined): string {
  if (taken === undefined) return `${windows} to windows`;
  const closed = taken.window_closed === 0 ? "" : ` + ${taken.window_closed} window_closed`;
  return `${taken.applied} applied + ${taken.duplicate} duplicate${closed}`;
}

function rest(lost: number): string {
  return lost === 0 ? " ✓" : ` + ${lost} RECORDED NOWHERE`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
