/**
 * Trigger transcripts on a real engine: scripts of events and watermarks, and the panes that come of them. All of a
 * kind are played in one job, one after the other, each with a key of its own and at a time of its own; the first
 * is played at its own times.
 */
import type { Registry } from "../../pipeline/define/index.ts";
import { assignEvents } from "../../pipeline/beam/assign.ts";
import type { Graph } from "../../pipeline/beam/beam.ts";
import { decodedEventCoder } from "../../pipeline/beam/element-coders.ts";
import { ELEMENT_BY_ELEMENT, PacedStream } from "../../pipeline/beam/pace.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { groupSlices } from "../../pipeline/beam/slices.ts";
import type { EarlyRows } from "../../pipeline/beam/window-strategy.ts";
import { windowsOf } from "../../pipeline/beam/windows.ts";
import { count } from "../../pipeline/core/aggregations/index.ts";
import type { DecodedEvent, FeatureRow, LateEvent } from "../../pipeline/core/model.ts";
import { endAtOrAfter, sliceOf } from "../../pipeline/core/slices.ts";
import type { ViewPlan, WindowStrategy } from "../../pipeline/core/view-plan.ts";
import { bytesCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { doFn, type TestEngine } from "./engine-graph.ts";
import { testEvent, testPlan } from "./plans.ts";

const SLIDE_MS = 10;
/** Far beyond what any transcript leaves behind. */
const APART_MS = 100_000;

/**
 * Counts: slide 10 ms, sizes 10 and 30 ms, lateness 40 ms, slack 30 ms. So a row of window end `E` tells how many
 * events stand in `[E − 10, E)` and in `[E − 30, E)`.
 */
export function transcriptPlan(name: string): ViewPlan {
  const sizesMs = [10, 30];
  const features = [{ name: "n", aggregation: count, sizesMs, input: () => null }];
  return testPlan({ name, features, sizesMs, longestMs: 30, shards: 64 });
}

const readEvent = doFn((): DoFn<Uint8Array, DecodedEvent> => ({
  process(bytes, context) {
    const event = JSON.parse(new TextDecoder().decode(bytes)) as DecodedEvent;
    context.emit(event, { timestamp: event.eventTimeMs });
  },
}));

/** What a transcript says of an event, beside when it happened. */
export interface EventOptions {
  /** @default when it happened */
  readonly published?: number;
  /** When this delivery was published. @default `published` */
  readonly delivered?: number;
  /** Two of one id are one event. @default one of its own */
  readonly id?: string;
}

interface EventStep {
  readonly kind: "event";
  readonly at: number;
  readonly options: EventOptions;
}
type Step =
  | EventStep
  | { readonly kind: "watermark"; readonly at: number }
  | { readonly kind: "rows"; readonly count: number };

/** A script of one key, in ms of its own. */
export class Transcript {
  readonly steps: Step[] = [];

  /** An event happened, was published, and comes now. */
  event(at: number, options: EventOptions = {}): this {
    this.steps.push({ kind: "event", at, options });
    return this;
  }

  /** Event time comes to `at`, by way of each window end before it; all that is due there leaves. */
  watermark(at: number): this {
    this.steps.push({ kind: "watermark", at });
    return this;
  }

  /** Nothing comes until the key has that many rows: what a timer of the clock does can only be waited for. */
  untilRows(count: number): this {
    this.steps.push({ kind: "rows", count });
    return this;
  }
}

/** What came of a transcript, in the order in which it came. */
export interface Told {
  /** `ON_TIME 10: 1 2, seq 2`: timing, window end, events in the last 10 and in the last 30 ms. */
  readonly panes: readonly string[];
  /** `late 5`: why an event joined no window, and when it happened. */
  readonly late: readonly string[];
  readonly rows: readonly FeatureRow[];
  /** By window end: from when on the newest row says nothing. */
  readonly emptyFrom: ReadonlyMap<number, number>;
}

/** It as it comes. */
interface Telling extends Told {
  readonly panes: string[];
  readonly rows: FeatureRow[];
  readonly late: string[];
  readonly emptyFrom: Map<number, number>;
}

/** How windows are made under transcripts. */
export interface PlayerOptions {
  /** Of the view and the transforms. */
  readonly name: string;
  readonly strategy: WindowStrategy;
  readonly early: EarlyRows;
}

/** Plays transcripts with one strategy, in a graph that others may be part of. */
export class Player {
  readonly plan: ViewPlan;
  readonly #options: PlayerOptions;
  readonly #transcripts: readonly Transcript[];
  #told: readonly Telling[] = [];

  /** @param transcripts those that it plays; more may come until the graph is built */
  constructor(options: PlayerOptions, transcripts: readonly Transcript[]) {
    this.#options = options;
    this.plan = transcriptPlan(options.name);
    this.#transcripts = transcripts;
  }

  /** What came of a transcript. */
  told(transcript: Transcript): Told {
    const told = this.#told[this.#transcripts.indexOf(transcript)];
    if (told === undefined) throw new Error("this player doesn't play that transcript");
    return told;
  }

  /** Puts all transcripts into a graph. */
  build(graph: Graph): void {
    const { name, ...how } = this.#options;
    this.#told = this.#transcripts.map(() => ({ panes: [], rows: [], late: [], emptyFrom: new Map() }));
    const stream = this.#script();
    const events = graph.parDo(stream.read(graph, `${name}/events`), `${name}/read`, {
      doFn: readEvent,
      output: decodedEventCoder,
    });
    const candidates = assignEvents(graph, events, this.plan);
    const rows = windowsOf(graph, groupSlices(graph, candidates, this.plan), this.plan, how);
    const late = graph.flatten([candidates.tags.late, rows.tags.late], `${name}/late`);
    graph.parDo(rows, `${name}/tell`, { doFn: this.#teller(stream), output: bytesCoder });
    graph.parDo(late, `${name}/tell late`, { doFn: this.#lateTeller(), output: bytesCoder });
    stream.watch(graph, [rows], `${name}/watch`);
  }

  #script(): PacedStream {
    const stream = new PacedStream();
    let count = 0;
    for (const [i, { steps }] of this.#transcripts.entries()) {
      const offset = i * APART_MS;
      let now =
        offset + sliceOf(Math.min(...steps.flatMap((step) => ("at" in step ? step.at : []))), SLIDE_MS);
      stream.settleAt(now); // and all that the one before it has left leaves
      for (const step of steps) {
        if (step.kind === "rows") {
          stream.waitFor(rowGate(keyOf(i), step.count));
          continue;
        }
        const at = offset + (step.kind === "event" ? arrival(step) : step.at);
        for (let end = endAtOrAfter(now + 1, SLIDE_MS); end <= at; end += SLIDE_MS) stream.settleAt(end);
        now = Math.max(now, at);
        stream.advanceWatermarkTo(now);
        if (step.kind === "event") stream.element(eventBytes(i, step, `e${count++}`), now);
      }
    }
    return stream;
  }

  #teller({ gates }: PacedStream): string {
    return doFn((): DoFn<FeatureRow> => ({
      process: (row) => {
        const { key, windowEndMs, timing, values, seq, emptyFromMs } = row;
        const i = indexOf(key);
        const told = this.#told[i];
        if (told === undefined) return;
        const endMs = windowEndMs - i * APART_MS;
        told.panes.push(`${timing} ${endMs}: ${values.join(" ")}, seq ${seq}`);
        told.rows.push(row);
        told.emptyFrom.set(endMs, emptyFromMs - i * APART_MS);
        gates.open(rowGate(key, told.panes.length));
      },
    }));
  }

  #lateTeller(): string {
    return doFn((): DoFn<LateEvent> => ({
      process: ({ key, reason, event }) => {
        const i = indexOf(key);
        this.#told[i]?.late.push(`${reason} ${event.eventTimeMs - i * APART_MS}`);
      },
    }));
  }
}

/** Makes the transforms of these players known, and plays all of them in one job. */
export async function play(engine: TestEngine, players: readonly Player[]): Promise<void> {
  const plans = players.map(({ plan }) => plan);
  const registry: Registry = {
    views: [],
    plans,
    events: [],
    plan: (name) => plans.find((plan) => plan.name === name) as ViewPlan,
    event: (name) => {
      throw new Error(`transcripts have no event ${name}`);
    },
  };
  registerTransforms(registry);
  await engine.run((graph) => {
    for (const player of players) player.build(graph);
  }, ELEMENT_BY_ELEMENT);
}

/** When an event comes: as it is delivered. */
function arrival({ at, options: { published = at, delivered = published } }: EventStep): number {
  return delivered;
}

function eventBytes(i: number, step: EventStep, id: string): Uint8Array {
  const offset = i * APART_MS;
  const event = testEvent(offset + step.at, {
    eventId: step.options.id ?? id,
    messageId: id,
    publishTimeMs: offset + (step.options.published ?? step.at),
    deliveredTimeMs: offset + arrival(step),
    purchase: { user_id: keyOf(i) },
  });
  return new TextEncoder().encode(JSON.stringify(event));
}

const keyOf = (i: number) => `transcript ${i}`;
const indexOf = (key: string) => Number(key.split(" ")[1]);
const rowGate = (key: string, count: number) => `${key}: row ${count}`;
