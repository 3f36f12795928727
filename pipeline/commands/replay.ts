import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { localDir } from "../../infra/local/install/context.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { startLoneEngine } from "../../infra/local/lone-engine.ts";
import { buildGraph } from "../beam/build.ts";
import { submit } from "../beam/job.ts";
import { readRecording } from "../beam/recording-source.ts";
import { ELEMENT_BY_ELEMENT } from "../beam/pace.ts";
import { MAX_SCRIPT_MESSAGES, scriptRecording, ScriptTooLongError } from "../beam/recording-script.ts";
import { registerTransforms } from "../beam/register.ts";
import type { MessageSource } from "../beam/sources.ts";
import { stageOf } from "../beam/view-ref.ts";
import { balances, balanceText, type MessageCounts, messageCounts } from "../core/conservation.ts";
import { FreshetError } from "../core/errors.ts";
import type { PubsubMessage } from "../core/model.ts";
import type { WindowStrategy } from "../core/view-plan.ts";
import { defineRegistry, type Registry } from "../define/index.ts";
import { features } from "../features/registry.ts";
import { metricsSnapshot } from "../harness/metrics.ts";
import { startWorkerPool } from "../harness/worker-pool.ts";
import { list, strategiesOf, strategyOption } from "../options.ts";
import { note, say, sayJson } from "./output.ts";
import { collectRows } from "./replay-rows.ts";

interface ReplayFlags {
  readonly out: string;
  readonly views?: readonly string[];
  readonly event: string;
  readonly panes?: boolean;
  readonly strategy?: WindowStrategy;
  readonly json?: boolean;
  readonly mavenRepository?: string;
}

/** `freshet replay FILE --out DIR`: a recording through the real graph on the real engine, bounded or pane by pane. */
export function replayCommand(): Command {
  return new Command("replay")
    .description("Run a recording through the graph on the local engine, with publish times as recorded.")
    .argument(
      "<file>",
      "NDJSON, a message a line: message_id, publish_time, attributes, and json or data_base64",
    )
    .requiredOption("--out <dir>", "where offline.ndjson and summary.json go")
    .option("--views <names>", "only these views, by comma (default: all)", list)
    .option("--event <name>", "which event the recording holds", features.events[0]?.name)
    .option(
      "--panes",
      "rows as they leave in a live run: the watermark follows the publish times, early rows included",
    )
    .addOption(strategyOption())
    .option("--maven-repository <url>", "where the engine's libraries come from, if they are missing")
    .option("--json", "print the summary as one JSON document")
    .action(replay);
}

async function replay(file: string, flags: ReplayFlags): Promise<void> {
  const registry = chosen(flags.views);
  const { name: event } = registry.event(flags.event);
  const source = await sourceOf(file, registry, event, flags);
  await mkdir(flags.out, { recursive: true });
  await mkdir(localDir(process.env), { recursive: true });
  const work = await mkdtemp(path.join(localDir(process.env), "replay-"));
  try {
    await run(registry, { [event]: source }, work, flags);
    const rows = await collectRows(work, registry.plans, path.join(flags.out, "offline.ndjson"));
    const summary = summarise(registry, event);
    await writeFile(path.join(flags.out, "summary.json"), `${JSON.stringify(summary, undefined, 2)}\n`);
    if (flags.json) sayJson({ ...summary, rows, out: flags.out });
    else say(`${rows} rows in ${path.join(flags.out, "offline.ndjson")}; ${JSON.stringify(summary)}`);
    holdToLaw(summary);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Everything that is wrong with the recording is said before anything starts. */
async function sourceOf(
  file: string,
  { plans }: Registry,
  event: string,
  flags: ReplayFlags,
): Promise<MessageSource> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new FreshetError("no_such_file", `there is no recording ${file}`, { file });
  const kept: PubsubMessage[] = [];
  let messages = 0;
  for await (const message of readRecording(file)) {
    messages += 1;
    if (flags.panes && messages <= MAX_SCRIPT_MESSAGES) kept.push(message);
  }
  if (!flags.panes) {
    note(`replaying ${messages} messages`);
    return { kind: "recording", file: path.resolve(file) };
  }
  if (messages > MAX_SCRIPT_MESSAGES) throw new ScriptTooLongError(messages);
  const ofEvent = plans.filter(({ source }) => source === event);
  const script = scriptRecording(kept, ofEvent);
  note(`replaying ${messages} messages, with a stop at ${script.endsMs.length} window ends`);
  return { kind: "script", script };
}

function chosen(names: readonly string[] | undefined): Registry {
  if (names === undefined) return features;
  const wanted = names.map((name) => features.plan(name));
  return defineRegistry(features.views.filter(({ plan }) => wanted.includes(plan)));
}

async function run(
  registry: Registry,
  sources: Readonly<Record<string, MessageSource>>,
  dir: string,
  flags: ReplayFlags,
): Promise<void> {
  registerTransforms(registry);
  const engine = await startLoneEngine(path.join(dir, "engine"), {
    onProgress: progressDisplay(process.stderr),
    ...(flags.mavenRepository !== undefined && { mavenRepository: flags.mavenRepository }),
  });
  const pool = await startWorkerPool();
  try {
    const graph = await buildGraph({
      registry,
      sources,
      strategies: strategiesOf(registry.plans, flags.strategy),
      sinks: { kind: "files", dir },
    });
    const proto = graph.toProto({ kind: "external", pool: pool.address });
    const options = { streaming: true, parallelism: 1, ...(flags.panes && ELEMENT_BY_ELEMENT) };
    const job = await submit(proto, engine.jobService, "freshet-replay", options);
    try {
      await job.done();
    } finally {
      job.close();
    }
  } finally {
    await pool.stop();
    await engine.stop();
  }
}

/** Every message and every (event, view) of the recording in exactly one class. */
function summarise({ plans }: Registry, event: string): MessageCounts {
  const totals = new Map<string, number>();
  for (const { name, total } of metricsSnapshot().counters) totals.set(name, (totals.get(name) ?? 0) + total);
  const views = plans.filter(({ source }) => source === event);
  const stages = views.map((plan) => ({ name: plan.name, stage: stageOf(plan) }));
  return messageCounts((name) => totals.get(name) ?? 0, event, stages);
}

/**
 * Shows the law. Counts are exact here: a bounded run has no second attempt.
 * @throws FreshetError `conservation_broken`
 */
function holdToLaw(summary: MessageCounts): void {
  const all = balances(summary);
  for (const balance of all) note(`${balance.of}: ${balanceText(balance)}`);
  const broken = all.filter(({ difference }) => difference !== 0);
  if (broken.length === 0) return;
  const where = broken.map(({ of }) => of).join(", ");
  throw new FreshetError("conservation_broken", `not every message is in exactly one class: ${where}`, {
    broken,
  });
}
