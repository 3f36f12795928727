import { Command, InvalidArgumentError, Option } from "commander";
import { type Assumptions, DEFAULTS, type Preset, PRESETS } from "../../infra/estimate/assumptions.ts";
import { estimate, type Estimate } from "../../infra/estimate/estimate.ts";
import { formulaOf } from "../../infra/estimate/line.ts";
import { PRICE_PAGES, PRICES_AS_KNOWN } from "../../infra/estimate/prices.ts";
import { features } from "../features/registry.ts";
import { positiveNumber, wholeNumber } from "../options.ts";
import { say, sayJson } from "./output.ts";

interface EstimateFlags extends Partial<Assumptions> {
  readonly eventsPerSecond: number;
  readonly preset: Preset;
  readonly json?: boolean;
}

/** `freshet estimate`: what a month of the feature views costs, each line with its formula. */
export function estimateCommand(): Command {
  return new Command("estimate")
    .description("Say what a month on Google Cloud costs at a rate of events, each line with its formula.")
    .requiredOption("--events-per-second <n>", "events published a second", positiveNumber)
    .addOption(
      new Option("--preset <name>", "the stack's preset: region, machine type, clusters, nodes")
        .choices(Object.keys(PRESETS))
        .default("small"),
    )
    .option("--region <name>", "where prices are taken from (default: the preset's)")
    .option("--payload-bytes <n>", "of a message with its attributes", positiveNumber, DEFAULTS.payloadBytes)
    .option("--keys <n>", "keys of an entity that get events at the same time", positiveNumber, DEFAULTS.keys)
    .option("--share <part>", "part of the events that a view accepts", part, DEFAULTS.share)
    .option(
      "--reads-per-second <n>",
      "answers of the feature server; 0: there is none",
      wholeNumber,
      DEFAULTS.readsPerSecond,
    )
    .option("--server-min-instances <n>", "(default: the preset's)", wholeNumber)
    .option(
      "--reads-per-instance <n>",
      "answers a second of a vCPU that is fully busy",
      positiveNumber,
      DEFAULTS.readsPerInstance,
    )
    .option("--server-load <part>", "of it that autoscaling leaves busy", part, DEFAULTS.serverLoad)
    .option("--cpu-us-per-event <n>", "for an event and view", positiveNumber, DEFAULTS.cpuUsPerEvent)
    .option("--shuffle-bytes <n>", "for an event and view", positiveNumber, DEFAULTS.shuffleBytes)
    .option("--worker-vcpus <n>", "of a worker (default: the preset's)", positiveNumber)
    .option("--worker-memory-gb <n>", "of a worker (default: the preset's)", positiveNumber)
    .option("--worker-load <part>", "of a worker's CPU", part, DEFAULTS.workerLoad)
    .option("--bigtable-clusters <n>", "(default: the preset's)", positiveNumber)
    .option("--bigtable-min-nodes <n>", "of a cluster (default: the preset's)", positiveNumber)
    .option("--bigtable-load <part>", "of a node's capacity", part, DEFAULTS.bigtableLoad)
    .option("--months-kept <n>", "rows and archive in BigQuery", positiveNumber, DEFAULTS.monthsKept)
    .option("--retention-days <n>", "messages in the topic", positiveNumber, DEFAULTS.retentionDays)
    .option("--json", "print one JSON document")
    .action(answer);
}

function answer({ preset, json, ...given }: EstimateFlags): void {
  const assumptions: Assumptions = { ...PRESETS[preset], ...DEFAULTS, ...given };
  const estimated = estimate(features.plans, assumptions);
  const prices = { asKnown: PRICES_AS_KNOWN, checked: false, pages: PRICE_PAGES };
  if (json) sayJson({ ...estimated, assumptions, prices });
  else describe(estimated, assumptions).forEach(say);
}

function describe({ lines, usd, ...sizes }: Estimate, assumptions: Assumptions): string[] {
  const width = Math.max(...lines.map(({ item }) => item.length));
  const rows = Object.entries(sizes.rowsPerSecond).map(([view, n]) => `${view}: ${n.toFixed(0)} rows/s`);
  return [
    ...lines.map((line) => `${line.item.padEnd(width)} ${amount(line.usd)}  ${formulaOf(line)}`),
    `${"a month, in US dollars".padEnd(width)} ${amount(usd)}`,
    "",
    `${rows.join(" · ")} · ${sizes.workers} workers · ${sizes.bigtableNodes} Bigtable nodes a cluster · ${sizes.servers} server instances`,
    `assumed: ${Object.entries(assumptions)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}`,
    `list prices as known in ${PRICES_AS_KNOWN}, written down from memory and not checked online; they stand on`,
    ...PRICE_PAGES.map((page) => `  ${page}`),
    "not counted: training queries, logs and metrics, backups, keys, discounts, taxes",
  ];
}

function amount(usd: number): string {
  return usd.toFixed(2).padStart(12);
}

/** Parses a part of a whole: above 0, at most 1. @throws InvalidArgumentError */
function part(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1))
    throw new InvalidArgumentError("write a part above 0 and at most 1, like 0.6.");
  return value;
}
