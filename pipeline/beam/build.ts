import { type Collection, Graph } from "./beam.ts";
import { assignEvents } from "./assign.ts";
import type { Registry } from "../define/index.ts";
import { decodeMessages } from "./decode.ts";
import { writeToFiles } from "./file-sink.ts";
import { keepHeartbeat } from "./heartbeat.ts";
import { groupSlices } from "./slices.ts";
import { reshuffleRows } from "./readable.ts";
import { type MessageSource, readMessages } from "./sources.ts";
import { writeDeadLetters, writeLate, writeOffline, writeOnline } from "./store-sinks.ts";
import { stageOf } from "./view-ref.ts";
import type { EarlyRows } from "./window-strategy.ts";
import { windowsOf } from "./windows.ts";
import type { EventRow, FeatureRow } from "../core/model.ts";
import type { WindowStrategy } from "../core/view-plan.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";

/** What a graph is built from. */
export interface GraphOptions {
  readonly registry: Registry;
  /** The source of each event's messages, by the event's name. */
  readonly sources: Readonly<Record<string, MessageSource>>;
  /** Another strategy for some views, by their names. @default the views' own */
  readonly strategies?: Readonly<Record<string, WindowStrategy>>;
  /**
   * What becomes of each applied event with the row that includes it, by the view's name: the output is in the graph for
   * these views only. Its rows have not been written yet.
   */
  readonly onEachEvent?: Readonly<Record<string, (graph: Graph, events: Collection<EventRow>) => void>>;
  readonly sinks:
    | {
        readonly kind: "stores";
        readonly endpoints: StoreEndpoints;
        /** Where heartbeats start, epoch ms. @default when the job first runs; then the graph is the same at any time */
        readonly startMs?: number;
      }
    /** For replay: rows to files, nothing else. */
    | { readonly kind: "files"; readonly dir: string };
}

/**
 * The whole pipeline:
 *
 *     read ─▶ decode ─▶ assign ─▶ slices ═▶ windows ─▶ online ─▶ offline ─▶ heartbeat
 *               │          │                  │        Bigtable   BigQuery    complete_through
 *               ▼          ▼                  ▼
 *         dead letters   late              late (closed)
 *
 * Once an event for the first two, once a view for the rest. `═▶` is the one shuffle by key. What writes to BigQuery
 * stands in a stage of its own, behind a reshuffle: a bundle lasts as long as its slowest write, and a stage's next
 * bundle waits for it (with late events and dead letters in the first stage, p99 from publish to readable was 8 s
 * instead of 2). What is left between two of these fuses into one stage of one worker.
 * Strategy `beam-windows` shuffles a second time, inside `windows`.
 */
export async function buildGraph({
  registry,
  sources,
  strategies = {},
  onEachEvent = {},
  sinks,
}: GraphOptions): Promise<Graph> {
  const graph = new Graph();
  const acknowledged = [];

  for (const event of registry.events) {
    const source = sources[event.name];
    const views = registry.plans.filter((view) => view.source === event.name);
    if (!source || views.length === 0) continue;
    const messages = await readMessages(graph, source, event.name);
    const events = decodeMessages(graph, messages, event.name);

    const outputs: Collection<FeatureRow>[] = [];
    for (const view of views) {
      const candidates = assignEvents(graph, events, view);
      const batches = groupSlices(graph, candidates, view);
      const rows = windowsOf(graph, batches, view, {
        early: earlyRowsOf(source),
        strategy: strategies[view.name],
        eachEvent: onEachEvent[view.name] !== undefined,
      });
      if (rows.tags.each_event) onEachEvent[view.name]?.(graph, rows.tags.each_event);
      outputs.push(rows);
      if (sinks.kind === "files") {
        writeToFiles(graph, rows, view, sinks.dir);
        continue;
      }
      const stage = stageOf(view);
      const readable = reshuffleRows(graph, writeOnline(graph, rows, view, sinks.endpoints), view);
      acknowledged.push({ plan: view, written: writeOffline(graph, readable, view, sinks.endpoints) });
      const late = graph.reshuffle(candidates.tags.late, `${stage}/too_late`);
      writeLate(graph, late, `${stage}/late`, view, sinks.endpoints);
      writeLate(graph, rows.tags.late, `${stage}/closed`, view, sinks.endpoints);
    }
    if (source.kind === "script") source.script.watch(graph, outputs, `${event.name}/watch`);
    if (sinks.kind === "stores") {
      const letters = graph.reshuffle(events.tags.dead_letters, `${event.name}/undecodable`);
      writeDeadLetters(graph, letters, `${event.name}/dead_letters`, event.name, sinks.endpoints);
    }
  }
  if (sinks.kind === "stores") keepHeartbeat(graph, acknowledged, sinks);
  return graph;
}

/** When early rows leave, by where the messages come from. */
function earlyRowsOf({ kind }: MessageSource): EarlyRows {
  if (kind === "recording") return false;
  return kind === "script" ? "at once" : true;
}
