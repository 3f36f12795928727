/**
 * Generated histories on a real engine: the messages of many in one stream, each history with keys of its own, and what
 * both strategies make of them. Crashes and memory loss are left to the runs in memory: a test stream starts anew.
 */
import { assignEvents } from "../../../pipeline/beam/assign.ts";
import type { Graph } from "../../../pipeline/beam/beam.ts";
import { decodeMessages, parseMessages } from "../../../pipeline/beam/decode.ts";
import { PacedStream } from "../../../pipeline/beam/pace.ts";
import { encodePubsubMessage } from "../../../pipeline/beam/pubsub-message.ts";
import { groupSlices } from "../../../pipeline/beam/slices.ts";
import { windowsOf } from "../../../pipeline/beam/windows.ts";
import type { FeatureRow, LateEvent, PubsubMessage } from "../../../pipeline/core/model.ts";
import { firstPublish } from "../../../pipeline/core/redrive.ts";
import { endAtOrAfter } from "../../../pipeline/core/slices.ts";
import { type ViewPlan, WINDOW_STRATEGIES, type WindowStrategy } from "../../../pipeline/core/view-plan.ts";
import { collect, type Seen } from "../engine-graph.ts";
import type { History } from "./history.ts";

/** Every view's slide is a multiple of it. */
const SLIDE_MS = 10;

/** How far behind the order of publish a message may come in an `honest` stream, ms. */
const DISORDER_MS = 30;

/** How the watermark goes, by what has been published: as in a history of that name, or by at most `slack` too far. */
export type Pace = "honest" | "hasty";

/** A message, and how far event time has come before it. */
interface Delivery {
  readonly message: PubsubMessage;
  readonly watermarkMs: number;
}

/** One view by one strategy, and what came of it. */
export interface PlayedView {
  /** The view, under a name of its own. */
  readonly plan: ViewPlan;
  readonly strategy: WindowStrategy;
  readonly rows: readonly Seen<FeatureRow>[];
  readonly late: readonly Seen<LateEvent>[];
}

/** Plays histories side by side at one pace. */
export class HistoryStream {
  readonly pace: Pace;
  readonly plans: readonly ViewPlan[];
  readonly #deliveries: readonly Delivery[];
  #views: readonly PlayedView[] = [];

  /** @param views the views that each strategy plays @param slackMs the least of any view */
  constructor(pace: Pace, histories: readonly History[], views: readonly ViewPlan[], slackMs: number) {
    this.pace = pace;
    this.plans = views.flatMap((plan) =>
      WINDOW_STRATEGIES.map((strategy) => ({
        ...plan,
        strategy,
        name: `${plan.name}_${pace}_${strategy.replace("-", "_")}`,
      })),
    );
    this.#deliveries = pace === "honest" ? honest(histories) : hasty(histories, slackMs);
  }

  /** The messages, in the order in which they are read. */
  get read(): readonly PubsubMessage[] {
    return this.#deliveries.map(({ message }) => message);
  }

  /** What came of it, once the graph has run. */
  get views(): readonly PlayedView[] {
    return this.#views;
  }

  /** Puts the stream into a graph whose registry knows an event by the name of the pace. */
  build(graph: Graph): void {
    const script = this.#script();
    const messages = parseMessages(graph, script.read(graph, `${this.pace}/read`), this.pace);
    const events = decodeMessages(graph, messages, this.pace);
    const outputs: Parameters<PacedStream["watch"]>[1][number][] = [];
    this.#views = this.plans.map((plan) => {
      const candidates = assignEvents(graph, events, plan);
      const rows = windowsOf(graph, groupSlices(graph, candidates, plan), plan, { early: "at once" });
      outputs.push(rows);
      const late = graph.flatten([candidates.tags.late, rows.tags.late], `${plan.name}/late`);
      return {
        plan,
        strategy: plan.strategy,
        rows: collect(graph, rows, `${plan.name}/collect`),
        late: collect(graph, late, `${plan.name}/collect late`),
      };
    });
    script.watch(graph, outputs, `${this.pace}/watch`);
  }

  #script(): PacedStream {
    const script = new PacedStream();
    let nowMs = this.#deliveries[0]?.watermarkMs ?? 0;
    for (const { message, watermarkMs } of this.#deliveries) {
      for (let endMs = endAtOrAfter(nowMs + 1, SLIDE_MS); endMs <= watermarkMs; endMs += SLIDE_MS)
        script.settleAt(endMs);
      nowMs = Math.max(nowMs, watermarkMs);
      script.advanceWatermarkTo(nowMs).element(encodePubsubMessage(message), message.publishTimeMs);
    }
    return script;
  }
}

/** In disorder, the watermark at the oldest publish that is still to come. */
function honest(histories: readonly History[]): Delivery[] {
  const drawn = histories.flatMap(({ messages, disorder }) =>
    messages.map((message, i) => {
      const draw = disorder[i % disorder.length] as number;
      return { message, comesMs: message.publishTimeMs + (draw % DISORDER_MS) };
    }),
  );
  const read = drawn.sort((a, b) => a.comesMs - b.comesMs).map(({ message }) => message);
  return read.map((message, i) => ({
    message,
    watermarkMs: Math.min(...read.slice(i).map(({ publishTimeMs }) => publishTimeMs)),
  }));
}

/** In order, the watermark up to `slackMs` ahead of the oldest first publish that is still to come. */
function hasty(histories: readonly History[], slackMs: number): Delivery[] {
  const drawn = histories.flatMap(({ messages, disorder }) =>
    messages.map((message, i) => ({ message, aheadMs: (disorder[i % disorder.length] as number) % slackMs })),
  );
  const read = drawn.sort((a, b) => a.message.publishTimeMs - b.message.publishTimeMs);
  return read.map(({ message, aheadMs }, i) => ({
    message,
    watermarkMs: aheadMs + Math.min(...read.slice(i).map((later) => firstPublishMs(later.message))),
  }));
}

function firstPublishMs(message: PubsubMessage): number {
  const first = firstPublish(message);
  return typeof first === "string" ? message.publishTimeMs : first.publishTimeMs;
}
