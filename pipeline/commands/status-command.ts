import { Command } from "commander";
import { formatInstant } from "../core/instant.ts";
import { lostOf, type Settled } from "../core/settled.ts";
import { features } from "../features/registry.ts";
import { addStoreOptions, duration, storesOf, type StoreFlags } from "../options.ts";
import { accountFor } from "../stores/account.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { commandRetry } from "./command-retry.ts";
import { say, sayJson } from "./output.ts";

interface StatusFlags extends StoreFlags {
  readonly for: number;
  readonly settle: number;
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
}

interface EventState extends Settled {
  readonly event: string;
  readonly published_from: string;
  readonly published_before: string;
}

/** `freshet status`: how far each view is, and what became of every message. Works wherever the stores are. */
export function statusCommand(): Command {
  const command = new Command("status")
    .description(
      "How far each view is behind, and what became of every archived message, by the committed rows of the stores.",
    )
    .option("--for <duration>", "account for the messages published in this long", duration, 600_000)
    .option("--settle <duration>", "how long before complete_through all is written", duration, 60_000)
    .option("--check", "exit code 1 when a message is recorded nowhere, or a view is staler than it declares")
    .option("--json", "print one JSON document");
  return addStoreOptions(command).action(status);
}

async function status(flags: StatusFlags): Promise<void> {
  const endpoints = await storesOf(flags);
  try {
    const nowMs = Date.now();
    const store = new BigtableStore(bigtableClient(endpoints), endpoints, commandRetry);
    const marks = new Map<string, number>();
    for (const plan of features.plans) {
      const mark = await store.readCompleteThrough(plan);
      if (mark) marks.set(plan.name, mark.completeThroughMs);
    }
    const views = features.plans.map((plan): ViewState => {
      const { name: view, freshnessMs } = plan;
      const throughMs = marks.get(view);
      const lagMs = throughMs === undefined ? null : nowMs - throughMs;
      return {
        view,
        complete_through: throughMs === undefined ? null : formatInstant(throughMs),
        lag_ms: lagMs,
        freshness_ms: freshnessMs,
        fresh: lagMs !== null && lagMs <= freshnessMs,
      };
    });
    const events = await accounts(endpoints, marks, flags);
    const lost = events.reduce((sum, event) => sum + lostOf(event), 0);
    const ok = lost === 0 && views.every(({ fresh }) => fresh);
    if (flags.json) sayJson({ at: formatInstant(nowMs), ok, lost, views, events });
    else print(views, events);
    if (flags.check && !ok) process.exitCode = 1;
  } finally {
    await closeClients();
  }
}

/** Of each event of which all views have got somewhere. */
async function accounts(
  endpoints: StoreEndpoints,
  marks: ReadonlyMap<string, number>,
  flags: StatusFlags,
): Promise<EventState[]> {
  const offline = {
    client: bigqueryClient(endpoints),
    dataset: endpoints.bigquery.dataset,
    generation: endpoints.generation,
    retry: commandRetry,
  };
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
      ...(await accountFor(offline, event, plans, span)),
    });
  }
  return states;
}

function print(views: readonly ViewState[], events: readonly EventState[]): void {
  for (const { view, complete_through: through, lag_ms: lag, freshness_ms: declared, fresh } of views) {
    const state = fresh ? "✓" : "STALE";
    const behind =
      lag === null
        ? "nothing is complete yet"
        : `complete through ${String(through)}, ${seconds(lag)} behind`;
    say(`${view}: ${behind} (declared freshness ${seconds(declared)}) ${state}`);
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
        `  ${view}: ${decoded} decoded = ${v.windows} to windows + ${v.late} late${dropped} + ${v.filtered} filtered${rest(v.lost)}`,
      );
    }
  }
}

function rest(lost: number): string {
  return lost === 0 ? " ✓" : ` + ${lost} RECORDED NOWHERE`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
