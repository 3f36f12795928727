import { FreshetError } from "../core/errors.ts";
import { bytesCoder, kvCoder, utf8Coder } from "../harness/coders.ts";
import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph, KV } from "./beam.ts";
import { keepWatermark, type Loop, loopCoder } from "./heartbeat.ts";
import { TestStream } from "./test-stream.ts";

/*
 * A test stream is played as fast as its runner takes it. An event-time timer, though, fires a bundle after the
 * watermark that passed it, and by then elements of the script have come that should find it fired. So the script
 * waits at gates, and what stands at the end of the graph opens them:
 *
 *     script ─▶ pace ─▶ … ═▶ windows ─▶ rows
 *                 ▲                       │
 *                 └────── gate E ◀──── watch: everything up to E has been emitted
 *
 * All of it in one process: a gate is a promise.
 */

const groups = new Map<string, Gates>();
let opened = 0;

/** Thrown when a paced stream runs in a worker of another process than the one that made its gates. */
export class GatesError extends FreshetError {
  constructor(id: string) {
    const problem = `there are no ${id} in this process: run a paced stream in workers of the process that made it`;
    super("gates_elsewhere", problem, { id });
  }
}

/** Gates of one run, by name. Each opens once, and stays open. */
export class Gates {
  /** What a DoFn's configuration calls them. */
  readonly id = `gates ${opened++}`;
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  constructor() {
    groups.set(this.id, this);
  }

  /** @throws GatesError */
  static find(id: string): Gates {
    const gates = groups.get(id);
    if (gates === undefined) throw new GatesError(id);
    return gates;
  }

  /** Resolves when the gate is open. */
  passed(name: string): Promise<void> {
    return this.#gate(name).promise;
  }

  open(name: string): void {
    this.#gate(name).resolve();
  }

  #gate(name: string): PromiseWithResolvers<void> {
    let gate = this.#gates.get(name);
    if (gate === undefined) this.#gates.set(name, (gate = Promise.withResolvers()));
    return gate;
  }
}

/** What a paced stream is made of: an element's bytes, or, with an empty value, the name of a gate. */
type Step = KV<string, Uint8Array>;
const stepCoder = kvCoder(utf8Coder, bytesCoder);
const NOTHING = new Uint8Array();

/**
 * Options of a job that plays one. A watermark waits for an open bundle, and a late element in it would look on time:
 * so bundles are of one element. Those that fired timers have opened hold none, and end with the time.
 */
export const ELEMENT_BY_ELEMENT = { maxBundleSize: 1, maxBundleTimeMills: 5 };

/** A test stream of bytes that waits at gates. */
export class PacedStream {
  readonly gates = new Gates();
  readonly #script = new TestStream<Step>(stepCoder);
  readonly #endsMs: number[] = [];

  /** One element comes. @param atMs its timestamp */
  element(value: Uint8Array, atMs: number): this {
    this.#script.element({ key: "", value }, atMs);
    return this;
  }

  /** @see TestStream.advanceWatermarkTo */
  advanceWatermarkTo(ms: number): this {
    this.#script.advanceWatermarkTo(ms);
    return this;
  }

  /** Event time has come to `ms`, and nothing comes until all rows that were due before it have been emitted. */
  settleAt(ms: number): this {
    if (this.#endsMs.at(-1) !== ms) this.#endsMs.push(ms);
    return this.advanceWatermarkTo(ms).waitFor(watermarkGate(ms));
  }

  /** Nothing comes until a gate is open. */
  waitFor(gate: string): this {
    this.#script.element({ key: gate, value: NOTHING }, this.#script.watermarkMs);
    return this;
  }

  /** The instants that the stream settles at, ascending. */
  get endsMs(): readonly number[] {
    return this.#endsMs;
  }

  /** The stream, from its script to its end. */
  read(graph: Graph, name: string): Collection<Uint8Array> {
    const steps = graph.testStream(`${name}/script`, stepCoder, this.#script.end());
    return graph.parDo<Step, Uint8Array>(steps, name, {
      doFn: "pace",
      config: { gates: this.gates.id },
      output: bytesCoder,
    });
  }

  /** Opens the gates of `settleAt`, as the watermark of what comes out passes their instants. */
  watch(graph: Graph, outputs: readonly Collection<unknown>[], name: string): void {
    const start = graph.parDo<Uint8Array, Loop>(graph.impulse(`${name}/impulse`), `${name}/start`, {
      doFn: "start watching",
      output: loopCoder,
    });
    const marks = outputs.map((output, i) => keepWatermark(graph, output, `${name}/output ${i}`));
    graph.parDo<Loop, never>(graph.flatten([start, ...marks], `${name}/flatten`), `${name}/loop`, {
      doFn: "open gates",
      config: { gates: this.gates.id, endsMs: this.#endsMs },
      output: bytesCoder as never,
      timers: { end: { domain: "event", key: utf8Coder } },
    });
  }
}

function watermarkGate(ms: number): string {
  return `watermark ${ms}`;
}

/** Makes the DoFns of this file known to the worker. */
export function registerPace(): void {
  registerDoFn("pace", ({ gates }: { gates: string }): DoFn<Step, Uint8Array> => ({
    process({ key, value }, context): Promise<void> | undefined {
      if (key !== "") return Gates.find(gates).passed(key);
      context.emit(value);
      return undefined;
    },
  }));

  registerDoFn("start watching", (): DoFn<Uint8Array, Loop> => ({
    process(_impulse, context) {
      context.emit({ key: "", value: NOTHING });
    },
  }));

  // A timer at `E − 1` fires once the watermark is at `E`, as a window's own does.
  registerDoFn("open gates", (config: { gates: string; endsMs: readonly number[] }): DoFn<Loop, never> => ({
    process(_start, context) {
      const [first] = config.endsMs;
      if (first !== undefined) context.timer("end").set(first - 1);
    },
    onTimer(context) {
      const firedMs = context.fireMs + 1;
      Gates.find(config.gates).open(watermarkGate(firedMs));
      const next = config.endsMs[config.endsMs.indexOf(firedMs) + 1];
      if (next !== undefined) context.timer("end").set(next - 1);
    },
  }));
}
