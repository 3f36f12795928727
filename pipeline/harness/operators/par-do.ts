import { ParDoPayload } from "apache-beam/proto/beam_runner_api";
import type { Bundle } from "../bundle.ts";
import type { BundleContext, DoFn, OutputOptions } from "../dofn.ts";
import { HarnessError, required, transformError } from "../errors.ts";
import { TransformMetrics } from "../metrics.ts";
import { DO_FN_URN, makeDoFn } from "../registry.ts";
import type { KeyedState } from "../state/keyed-state.ts";
import type { SideInputs } from "../state/side-inputs.ts";
import type { TimerFamily, Timers } from "../state/timers.ts";
import { NO_FIRING } from "../windowed-value.ts";
import type { KV, TimerData, WindowedValue } from "../windowed-value.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import type { Output } from "./output.ts";
import { FiredContext, ProcessContext } from "./par-do-context.ts";
import type { ParDoParts } from "./par-do-spec.ts";
import { parDoParts } from "./par-do-spec.ts";
import { Serial } from "./serial.ts";

/** A ParDo in one bundle, as the contexts that user code gets see it. */
export interface ParDoRun {
  readonly bundle: Bundle;
  readonly transform: string;
  readonly timers: Timers | undefined;
  readonly sideInputs: SideInputs | undefined;
  /** @param from the context whose timestamp, windows and pane an output takes where `options` has none */
  emit(
    value: unknown,
    from: Pick<WindowedValue, "timestamp" | "windows" | "pane"> | undefined,
    options?: OutputOptions,
  ): void;
  readonly afterBundleCommit: BundleContext<unknown>["afterBundleCommit"];
}

/** How long a callback after the bundle's commit stays valid, where user code doesn't say. */
const CALLBACK_VALID_MS = 5 * 60_000;

/** What user code's methods return. */
type MaybeAsync = ReturnType<DoFn["process"]>;

/** Runs a DoFn. @see beam:transform:pardo:v1 */
export class ParDo implements Operator {
  readonly id: string;
  readonly name: string;
  readonly metrics = new TransformMetrics();
  readonly #fn: DoFn;
  readonly #parts: ParDoParts;
  readonly #outputs = new Map<string, Output>();
  readonly #main: Output | undefined;
  readonly #serial = new Serial();
  #run: ParDoRun | undefined;

  /** @throws HarnessError `not_registered`, `unsupported` */
  constructor(context: OperatorContext) {
    const { id, transform } = context;
    this.id = id;
    this.name = transform.uniqueName;
    const payload = ParDoPayload.fromBinary(required(transform.spec, `spec of ${id}`).payload);
    const { doFn } = payload;
    if (doFn?.urn !== DO_FN_URN) {
      const message = `can't run a DoFn of kind ${doFn?.urn ?? "none"}`;
      throw new HarnessError("unsupported", message, { transform: this.name });
    }
    this.#fn = makeDoFn(doFn.payload);
    this.#parts = parDoParts(payload, context);
    for (const [tag, pcollection] of Object.entries(transform.outputs))
      this.#outputs.set(tag, context.output(pcollection));
    const [first] = this.#outputs.values();
    this.#main = this.#outputs.get("main") ?? this.#outputs.get("out") ?? first;
  }

  /** The names of the timer families, whose timers come and go beside the elements. */
  get timerFamilies(): Iterable<string> {
    return this.#parts.timers?.families.keys() ?? [];
  }

  setup(): void | Promise<void> {
    return this.#guard("setup", () => this.#fn.setup?.({ metrics: this.metrics, transform: this.name }));
  }

  startBundle(bundle: Bundle): void | Promise<void> {
    const { states, timers, sideInputs } = this.#parts;
    this.metrics.reset(bundle.services.now);
    this.#serial.reset();
    states?.startBundle(bundle);
    timers?.startBundle(bundle);
    sideInputs?.startBundle(bundle);
    const run: ParDoRun = {
      bundle,
      transform: this.name,
      timers,
      sideInputs,
      emit: (value, from, options) => {
        this.#emit(run, value, from, options);
      },
      afterBundleCommit: (callback, validMs = CALLBACK_VALID_MS) => {
        if (!this.#parts.finalizes) {
          const message = `a callback after the bundle's commit, which the transform doesn't declare ("finalizes")`;
          throw new HarnessError("state", message, { transform: this.name });
        }
        const expiresMs = bundle.services.now() + validMs;
        bundle.callbacks.push({ transform: this.name, run: callback, expiresMs });
      },
    };
    this.#run = run;
    return this.#guard("startBundle", () => this.#fn.startBundle?.(this.#bundleContext(run)));
  }

  prefetch(elements: readonly WindowedValue[]): Promise<unknown> | undefined {
    const { states, sideInputs } = this.#parts;
    if (!states && !sideInputs) return undefined;
    const keyed: KeyedState[] = [];
    const windows = new Map<string, WindowedValue["windows"][number]>();
    for (const { value, windows: own } of elements) {
      for (const window of own) {
        if (states) keyed.push(states.of((value as KV).key, window));
        if (sideInputs && !sideInputs.ready(window)) windows.set(window.id, window);
      }
    }
    const reads: (Promise<unknown> | undefined)[] = [...windows.values()].map((window) =>
      sideInputs?.load(window),
    );
    reads.push(states?.load(keyed));
    const underWay = reads.filter((read) => read !== undefined);
    return underWay.length > 0 ? Promise.all(underWay) : undefined;
  }

  process(element: WindowedValue): void {
    const { states, sideInputs } = this.#parts;
    // States and side inputs are of one window: an element of several is taken once in each.
    if ((states ?? sideInputs) && element.windows.length > 1) {
      for (const window of element.windows) this.#processOne({ ...element, windows: [window] });
    } else {
      this.#processOne(element);
    }
  }

  /** Takes timers that the runner fires. */
  async receiveTimers(familyName: string, block: Uint8Array): Promise<void> {
    const { bundle } = this.#running();
    const states = required(this.#parts.states, `states of ${this.name}`);
    const { family, fired } = required(this.#parts.timers, `timers of ${this.name}`).decode(
      familyName,
      block,
    );
    const keyed = fired.map(({ key, windows }) => states.of(key, required(windows[0], "window of a timer")));
    const reads = states.load(keyed);
    if (reads) await reads;
    for (const [i, timer] of fired.entries()) {
      this.#fire(family, timer, keyed[i] as KeyedState);
      if (bundle.unsettled) await bundle.settle();
    }
  }

  async finishBundle(): Promise<void> {
    const run = this.#running();
    await this.#guard("finishBundle", () => this.#fn.finishBundle?.(this.#bundleContext(run)));
  }

  async commit(): Promise<void> {
    await this.#parts.states?.commit();
    this.#parts.timers?.commit();
  }

  release(): void {
    this.#parts.states?.release();
  }

  abort(): void {
    this.#parts.states?.abort();
  }

  teardown(): void | Promise<void> {
    return this.#guard("teardown", () => this.#fn.teardown?.());
  }

  #processOne(element: WindowedValue): void {
    const run = this.#running();
    const { states, sideInputs, keyed } = this.#parts;
    const window = element.windows[0] as WindowedValue["windows"][number];
    const key = keyed ? (element.value as KV).key : undefined;
    const state = states?.of(key, window);
    const ready = (state?.loaded ?? true) && (sideInputs?.ready(window) ?? true);
    if (ready && this.#serial.idle) {
      const work = this.#take(run, key, element, state);
      if (work) this.#serial.hold(run.bundle, work);
      return;
    }
    const take = () => this.#take(run, key, element, state);
    if (!state && !sideInputs) {
      this.#serial.add(run.bundle, take);
      return;
    }
    this.#serial.add(run.bundle, async () => {
      if (state) await states?.load([state]);
      await sideInputs?.load(window);
      await take();
    });
  }

  /** As `#guard` for `process`, which almost all calls are: without a function made for each. */
  #take(
    run: ParDoRun,
    key: unknown,
    element: WindowedValue,
    state: KeyedState | undefined,
  ): void | Promise<void> {
    try {
      const work = this.#fn.process(element.value, new ProcessContext(run, key, element, state));
      if (work) return this.#guard("process", () => work);
    } catch (error) {
      throw transformError(error, this.name, "process");
    }
  }

  #fire(family: TimerFamily, timer: TimerData, state: KeyedState): void {
    const run = this.#running();
    if (!this.#parts.timers?.due(state, family, timer)) return;
    const work = this.#guard("onTimer", () =>
      this.#fn.onTimer?.(new FiredContext(run, family, timer, state)),
    );
    if (work) this.#serial.hold(run.bundle, work);
  }

  #emit(
    run: ParDoRun,
    value: unknown,
    from: Pick<WindowedValue, "timestamp" | "windows" | "pane"> | undefined,
    options: OutputOptions | undefined,
  ): void {
    if (!run.bundle.open) throw this.#outputError(`an output after its bundle had ended`);
    const output = options?.tag === undefined ? this.#main : this.#outputs.get(options.tag);
    if (!output) throw this.#outputError(`no output "${options?.tag ?? "main"}"`);
    const timestamp = options?.timestamp ?? from?.timestamp;
    const windows = options?.windows ?? from?.windows;
    if (timestamp === undefined || !windows) {
      throw this.#outputError("outputs of startBundle and finishBundle need a timestamp and windows");
    }
    const element = { value, timestamp, windows, pane: options?.pane ?? from?.pane ?? NO_FIRING };
    try {
      output.emit(element);
    } catch (error) {
      run.bundle.fail(error); // user code must not swallow what failed behind it
      throw error;
    }
  }

  #bundleContext(run: ParDoRun): BundleContext<unknown> {
    return {
      emit: (value, options) => {
        run.emit(value, undefined, options);
      },
      now: () => run.bundle.services.now(),
      afterBundleCommit: run.afterBundleCommit,
    };
  }

  /** Calls user code; its error gets the transform's name. */
  #guard(method: string, call: () => MaybeAsync | undefined): void | Promise<void> {
    try {
      const work = call();
      if (!work) return;
      return work.catch((error: unknown) => {
        throw transformError(error, this.name, method);
      });
    } catch (error) {
      throw transformError(error, this.name, method);
    }
  }

  #running(): ParDoRun {
    if (!this.#run) throw new HarnessError("protocol", "work outside a bundle", { transform: this.name });
    return this.#run;
  }

  #outputError(message: string): HarnessError {
    return new HarnessError("output", message, { transform: this.name });
  }
}
