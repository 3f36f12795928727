import type { Pane, Window } from "./windowed-value.ts";

/** Where an output goes and what it carries. In `finishBundle`, timestamp and windows are mandatory. */
export interface OutputOptions {
  readonly timestamp?: number;
  readonly windows?: readonly Window[];
  readonly pane?: Pane;
  /** Name of an additional output; the main one when left out. */
  readonly tag?: string;
}

/** Read-modify-write state of the current key and window; loaded before `process` or `onTimer` runs. */
export interface ValueState<T> {
  read(): T | undefined;
  write(value: T): void;
  clear(): void;
}

/** A bag of the current key and window, loaded before `process` or `onTimer`. `read` sees this bundle's own changes. */
export interface BagState<T> {
  read(): readonly T[];
  add(value: T): void;
  replace(values: readonly T[]): void;
  clear(): void;
  /**
   * What the content folds to, kept in its place: `fold` makes it once, after a cold read (a new cache token, a failed
   * bundle, an evicted state), and from then on the DoFn keeps it true to what it adds and replaces. The elements
   * themselves leave memory, so `read` can't be used beside it. `clear` starts over with no elements.
   */
  folded<S extends object>(fold: (elements: readonly T[]) => S): S;
}

/**
 * What a CombineFn makes of all inputs that were added, of the current key and window; loaded before `process` or
 * `onTimer`. A bundle that only adds writes one more accumulator; the first `read` merges what there is into one.
 */
export interface CombiningState<I, O> {
  add(input: I): void;
  read(): O;
  clear(): void;
}

/** A timer of the current key and window. Setting it replaces the armed one of the same family and tag. */
export interface Timer {
  /** @param fireMs epoch ms in the family's time domain. @param [holdMs=fireMs] least timestamp `onTimer` may emit; at most fireMs for event-time timers. */
  set(fireMs: number, holdMs?: number): void;
  clear(): void;
}

export interface Counter {
  add(n: number): void;
}
export interface Distribution {
  update(value: number): void;
}
/** The newest of all workers' values counts. */
export interface Gauge {
  set(value: number): void;
}

/** User metrics; reported to the runner with the bundle that made them (attempted, as the Beam model names it). */
export interface Metrics {
  counter(name: string): Counter;
  distribution(name: string): Distribution;
  gauge(name: string): Gauge;
}

/** What a DoFn gets once, when it is made ready. */
export interface SetupContext {
  readonly metrics: Metrics;
  /** The transform's unique name. */
  readonly transform: string;
}

export interface BundleContext<O> {
  emit(value: O, options?: OutputOptions): void;
  /** Processing time, epoch ms. */
  now(): number;
  /**
   * Runs `callback` once the runner has made this bundle durable: on Flink, when the next checkpoint is complete. At
   * most once and on best effort, as in the Beam model: not after a failure, a restart, or once it has expired. An
   * error of it is logged. The transform must declare `finalizes`.
   * @param [validMs=300000] how long the runner may take, ms
   * @throws HarnessError `state` where the transform doesn't declare it
   */
  afterBundleCommit(callback: () => void | Promise<void>, validMs?: number): void;
}

export interface ElementContext<O> extends BundleContext<O> {
  readonly key: unknown;
  readonly timestamp: number;
  readonly window: Window;
  readonly windows: readonly Window[];
  readonly pane: Pane;
  /** Resolves when the transport takes more: a DoFn that makes very many outputs of one element awaits it now and then. */
  ready(): Promise<unknown>;
  value<T>(state: string): ValueState<T>;
  bag<T>(state: string): BagState<T>;
  combining<I, O>(state: string): CombiningState<I, O>;
  timer(family: string, tag?: string): Timer;
  /** The whole content of an iterable side input, in the current window. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as for states, the caller names the type
  sideInput<T>(name: string): readonly T[];
}

export interface TimerContext<O> extends ElementContext<O> {
  readonly family: string;
  readonly tag: string;
  readonly fireMs: number;
  readonly holdMs: number;
}

/**
 * User code of a ParDo. A returned promise is awaited before the next element; all of it before the bundle
 * commits. An error fails the bundle and reaches the runner with its stack and the transform's name.
 */
export interface DoFn<I = unknown, O = unknown> {
  setup?(context: SetupContext): void | Promise<void>;
  startBundle?(context: BundleContext<O>): void | Promise<void>;
  process(element: I, context: ElementContext<O>): void | Promise<void>;
  onTimer?(context: TimerContext<O>): void | Promise<void>;
  finishBundle?(context: BundleContext<O>): void | Promise<void>;
  teardown?(): void | Promise<void>;
}

/** Beam's CombineFn, for lifted combiners. */
export interface CombineFn<I = unknown, A = unknown, O = unknown> {
  zero(): A;
  add(accumulator: A, input: I): A;
  merge(accumulator: A, other: A): A;
  output(accumulator: A): O;
}
