import type { BagState, CombiningState, OutputOptions, Timer, TimerContext, ValueState } from "../dofn.ts";
import { HarnessError } from "../errors.ts";
import { BagCell, ValueCell } from "../state/cell.ts";
import type { Cell } from "../state/cell.ts";
import { CombiningCell } from "../state/combining-cell.ts";
import type { KeyedState } from "../state/keyed-state.ts";
import type { TimerFamily } from "../state/timers.ts";
import type { Pane, TimerData, Window, WindowedValue } from "../windowed-value.ts";
import type { ParDoRun } from "./par-do.ts";

/** What `process` gets: one element in its windows, and the states of its key in the first of them. */
export class ProcessContext {
  readonly key: unknown;
  readonly timestamp: number;
  readonly windows: readonly Window[];
  readonly pane: Pane;
  protected readonly run: ParDoRun;
  readonly #state: KeyedState | undefined;

  constructor(
    run: ParDoRun,
    key: unknown,
    at: Pick<WindowedValue, "timestamp" | "windows" | "pane">,
    state: KeyedState | undefined,
  ) {
    this.run = run;
    this.key = key;
    this.timestamp = at.timestamp;
    this.windows = at.windows;
    this.pane = at.pane;
    this.#state = state;
  }

  get window(): Window {
    return this.windows[0] as Window;
  }

  emit(value: unknown, options?: OutputOptions): void {
    this.run.emit(value, this, options);
  }

  now(): number {
    return this.run.bundle.services.now();
  }

  afterBundleCommit(callback: () => void | Promise<void>, validMs?: number): void {
    this.run.afterBundleCommit(callback, validMs);
  }

  ready(): Promise<unknown> {
    return this.run.bundle.room;
  }

  value<T>(name: string): ValueState<T> {
    const cell = this.#cell(name);
    if (!(cell instanceof ValueCell)) throw this.#notDeclared("value state", name);
    return cell as ValueCell<T>;
  }

  bag<T>(name: string): BagState<T> {
    const cell = this.#cell(name);
    if (!(cell instanceof BagCell)) throw this.#notDeclared("bag state", name);
    return cell as BagCell<T>;
  }

  combining<I, O>(name: string): CombiningState<I, O> {
    const cell = this.#cell(name);
    if (!(cell instanceof CombiningCell)) throw this.#notDeclared("combining state", name);
    return cell as CombiningCell<I, unknown, O>;
  }

  timer(family: string, tag = ""): Timer {
    const { timers } = this.run;
    if (!timers || !this.#state) throw this.#notDeclared("timer family", family);
    return timers.timer(this.#state, family, tag, this.key, this.window);
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- DoFn's contract: the caller names the type
  sideInput<T>(name: string): readonly T[] {
    const values = this.run.sideInputs?.get(name, this.window);
    if (!values) throw this.#notDeclared("side input", name);
    return values as readonly T[];
  }

  #cell(name: string): Cell | undefined {
    return this.#state?.cells.get(name);
  }

  #notDeclared(kind: string, name: string): HarnessError {
    return new HarnessError("state", `${kind} "${name}" is not declared`, { transform: this.run.transform });
  }
}

/** What `onTimer` gets: the timer's key and window. Its outputs carry the hold's instant where they name none. */
export class FiredContext extends ProcessContext implements TimerContext<unknown> {
  readonly family: string;
  readonly tag: string;
  readonly fireMs: number;
  readonly holdMs: number;

  constructor(run: ParDoRun, family: TimerFamily, timer: TimerData, state: KeyedState) {
    super(run, timer.key, { timestamp: timer.holdMs, windows: timer.windows, pane: timer.pane }, state);
    this.family = family.name;
    this.tag = timer.tag;
    this.fireMs = timer.fireMs;
    this.holdMs = timer.holdMs;
  }

  // The watermark may have passed what is before the hold: such an output would be late, without a word.
  override emit(value: unknown, options?: OutputOptions): void {
    const timestamp = options?.timestamp ?? this.holdMs;
    if (timestamp < this.holdMs) {
      const message = `timer "${this.family}" may emit from its hold ${this.holdMs} on, not at ${timestamp}`;
      throw new HarnessError("timer_hold", message, { transform: this.run.transform });
    }
    super.emit(value, options);
  }
}
