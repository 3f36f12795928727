import { Command, InvalidArgumentError, Option } from "commander";
import { differenceJson, type ContentJson, type DifferenceJson } from "../core/audit/difference-json.ts";
import type { JudgedJson } from "../core/audit/explanation-contract.ts";
import { formatInstant } from "../core/instant.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { features } from "../features/registry.ts";
import { addStoreOptions, instant, storesOf, type StoreFlags, wholeNumber } from "../options.ts";
import type { OfflineStore } from "../stores/archive.ts";
import { bigqueryClient, closeClients } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { checkSpan, type ComparedView, compareStores } from "../stores/parity.ts";
import { commandRetry } from "./command-retry.ts";
import { note, say, sayJson } from "./output.ts";
import { parityServed, type ServedRequest } from "./parity-served.ts";

interface ParityFlags extends StoreFlags {
  readonly view?: string;
  readonly from?: number;
  readonly to?: number;
  readonly sample: number;
  readonly served?: boolean;
  readonly json?: boolean;
}

const DEFAULT_KEYS = 10_000;
/** Differences that are told one by one; beyond, they are counted. */
const MAX_TOLD = 1_000;

/** `freshet parity`: Bigtable and BigQuery held to each other and to the raw archive. Exit code 1: they differ. */
export function parityCommand(): Command {
  const command = new Command("parity")
    .description(
      "Compare Bigtable with BigQuery, and both with a recomputation from the raw archive. Exit code 0: they agree; 1: they differ.",
    )
    .option("--view <name>", "feature view (default: all)")
    .addOption(
      new Option("--from <time>", "window ends from here (default: a day before --to)").argParser(instant),
    )
    .addOption(
      new Option("--to <time>", "window ends to here (default: complete_through)").argParser(instant),
    )
    .addOption(
      new Option("--sample <n>", "number of keys, chosen by their hash")
        .argParser(oneOrMore)
        .default(DEFAULT_KEYS),
    )
    .option(
      "--served",
      "compare the log of served vectors with the rule instead: --from and --to are their times, --sample vectors",
    )
    .option("--json", "print one JSON document");
  return addStoreOptions(command).action(parity);
}

async function parity(flags: ParityFlags): Promise<void> {
  checkSpan(flags.from, flags.to);
  const plans = flags.view === undefined ? features.plans : [features.plan(flags.view)];
  const endpoints = await storesOf(flags);
  try {
    if (flags.served) {
      if (!(await parityServed(offlineOf(endpoints), servedRequest(flags)))) process.exitCode = 1;
      return;
    }
    const views: ViewReport[] = [];
    for (const [source, ofEvent] of Map.groupBy(plans, (plan) => plan.source)) {
      const request = {
        event: features.event(source),
        plans: ofEvent,
        keys: flags.sample,
        nowMs: Date.now(),
        ...(flags.from !== undefined && { fromMs: flags.from }),
        ...(flags.to !== undefined && { toMs: flags.to }),
      };
      for await (const view of compareStores(endpoints, request, commandRetry)) {
        views.push(await compareView(view, endpoints, flags));
      }
    }
    const agree = views.every((view) => view.differences === 0);
    if (flags.json) sayJson({ agree, views });
    if (!agree) process.exitCode = 1;
  } finally {
    await closeClients();
  }
}

function offlineOf(endpoints: StoreEndpoints): OfflineStore {
  const { generation, bigquery } = endpoints;
  return { client: bigqueryClient(endpoints), dataset: bigquery.dataset, generation, retry: commandRetry };
}

function servedRequest({ from, to, sample, json }: ParityFlags): ServedRequest {
  return {
    nowMs: Date.now(),
    limit: sample,
    json: json ?? false,
    ...(from !== undefined && { fromMs: from }),
    ...(to !== undefined && { toMs: to }),
  };
}

interface ViewReport {
  readonly view: string;
  readonly version: number;
  readonly generation: number;
  readonly from: string;
  readonly to: string;
  readonly complete_through: string;
  /** Null: the archive is empty. */
  readonly archive: { readonly messages: number; readonly dead_letters: number } | null;
  readonly keys: number;
  /** There are more keys. */
  readonly sampled: boolean;
  readonly windows: number;
  readonly pending: number;
  readonly offline_only: number;
  readonly missing_on_time_row: number;
  readonly differences: number;
  readonly by_kind: Readonly<Record<string, number>>;
  /** The first of them. */
  readonly told: readonly DifferenceJson[];
}

async function compareView(
  { plan, known, keys }: ComparedView,
  endpoints: StoreEndpoints,
  flags: ParityFlags,
): Promise<ViewReport> {
  const counts = { keys: 0, windows: 0, pending: 0, offline_only: 0, missing_on_time_row: 0, differences: 0 };
  const byKind: Record<string, number> = {};
  const told: DifferenceJson[] = [];
  for await (const { verdict } of keys) {
    counts.keys++;
    counts.windows += verdict.windows;
    counts.pending += verdict.pending;
    counts.offline_only += verdict.offlineOnly;
    counts.missing_on_time_row += verdict.missingOnTimeRows;
    counts.differences += verdict.differences.length;
    for (const difference of verdict.differences) {
      byKind[difference.kind] = (byKind[difference.kind] ?? 0) + 1;
      if (told.length >= MAX_TOLD) continue;
      told.push(differenceJson(plan, difference));
      if (!flags.json) printDifference(plan, told.at(-1) as DifferenceJson);
    }
  }
  const { scope, completeThroughMs, archive, isSample } = known;
  const report: ViewReport = {
    ...{ view: plan.name, version: plan.version, generation: endpoints.generation },
    ...{ from: formatInstant(scope.fromMs), to: formatInstant(scope.toMs) },
    complete_through: formatInstant(completeThroughMs),
    archive: archive ? { messages: archive.messages, dead_letters: archive.deadLetters } : null,
    sampled: isSample,
    ...counts,
    ...{ by_kind: byKind, told },
  };
  if (!flags.json) printReport(report, flags.sample);
  return report;
}

function printReport(report: ViewReport, keys: number): void {
  const { archive, differences } = report;
  say(
    `${report.view} v${String(report.version)}, generation ${String(report.generation)}: windows ${report.from} to ${report.to}`,
  );
  if (archive === null) {
    say("  the raw archive is empty: the stores were compared with each other only");
  } else {
    say(`  archive: ${String(archive.messages)} messages, ${String(archive.dead_letters)} dead letters`);
  }
  const { windows, pending, offline_only: offlineOnly, missing_on_time_row: missing } = report;
  const left = [
    ...(pending > 0 ? [`${String(pending)} pending (newer events are on their way)`] : []),
    ...(offlineOnly > 0 ? [`${String(offlineOnly)} offline only (gone online by age or number)`] : []),
  ];
  say(`  compared: ${String(report.keys)} keys, ${[`${String(windows)} windows`, ...left].join(", ")}`);
  const kinds = Object.entries(report.by_kind).map(([kind, count]) => `${kind} ${String(count)}`);
  say(
    `  ${differences === 0 ? "all agree" : `${String(differences)} differences: ${kinds.join(", ")}`}; missing_on_time_row ${String(missing)}`,
  );
  if (report.sampled) {
    note(`${report.view}: a sample, the first ${String(keys)} keys by their hash; --sample takes more`);
  }
  if (differences > report.told.length) {
    note(`${report.view}: only the first ${String(report.told.length)} differences were printed`);
  }
}

function printDifference(plan: ViewPlan, difference: DifferenceJson): void {
  const { kind, store, key, window_end: end, columns, expected, found, detail, events } = difference;
  say(`${kind}  ${plan.name} ${store}  ${plan.keyField} = ${key}  window ${end}`);
  if (detail !== null) say(`  ${detail}`);
  const shown = columns.length > 0 ? columns : plan.columns.map(({ name }) => name);
  say(`  expected  ${content(expected, shown)}`);
  say(`  found     ${content(found, shown)}`);
  for (const event of events) say(`  ${eventLine(event)}`);
}

function content(side: ContentJson | null, columns: readonly string[]): string {
  if (side === null) return "no row";
  const values = columns.map((name) => `${name}=${JSON.stringify(side.features[name])}`);
  return `seq=${String(side.seq)} ${values.join(" ")} empty_from=${side.empty_from}`;
}

/** One event on a line: what became of it, its ids, when it happened and was published. */
function eventLine(event: JudgedJson): string {
  const outcome = event.clamped ? `${event.class}, clamped` : event.class;
  return `${outcome.padEnd(13)} ${event.event_id}  message ${event.message_id}  happened ${event.event_time}  published ${event.publish_time}`;
}

function oneOrMore(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("write a whole number, 1 or more.");
  return value;
}
