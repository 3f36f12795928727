import { exactInstant, GLOBAL_WINDOW_MAX, MIN_TIMESTAMP, Writer } from "../core/bytes.ts";

/** A window of event time, epoch ms, half-open `[start, end)`. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** The last instant that belongs to the window. */
  readonly maxTimestamp: number;
  /** The window's encoding, one char a byte (latin1): equal for equal windows, empty for the global one. */
  readonly id: string;
}

/** Which firing of a window an element came from. @see https://beam.apache.org/documentation/programming-guide/#triggers */
export interface Pane {
  readonly timing: "EARLY" | "ON_TIME" | "LATE" | "UNKNOWN";
  readonly index: number;
  /** Index among the panes that are not early; −1 for an early one. */
  readonly onTimeIndex: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** An element as it flows between transforms. */
export interface WindowedValue<T = unknown> {
  readonly value: T;
  /** Event time, epoch ms. */
  readonly timestamp: number;
  readonly windows: readonly Window[];
  readonly pane: Pane;
}

/** A timer as it crosses the wire, in both directions. `fireMs` and `holdMs` mean nothing where `clear` is true. */
export interface TimerData<K = unknown> {
  readonly key: K;
  readonly tag: string;
  readonly windows: readonly Window[];
  readonly clear: boolean;
  readonly fireMs: number;
  readonly holdMs: number;
  readonly pane: Pane;
}

/** What grouping transforms take and give. */
export interface KV<K = unknown, V = unknown> {
  readonly key: K;
  readonly value: V;
}

/** The one window of ungrouped data: all of time. */
export const GLOBAL_WINDOW: Window = {
  start: MIN_TIMESTAMP,
  end: GLOBAL_WINDOW_MAX,
  maxTimestamp: GLOBAL_WINDOW_MAX,
  id: "",
};
/** The list that almost every element carries, shared. */
export const GLOBAL_WINDOWS: readonly Window[] = [GLOBAL_WINDOW];

/** The pane of elements that came from no trigger. */
export const NO_FIRING: Pane = { timing: "UNKNOWN", index: 0, onTimeIndex: 0, isFirst: true, isLast: true };

/** A window of bounded length. */
export class IntervalWindow implements Window {
  readonly start: number;
  readonly end: number;
  #id: string | undefined;

  /** @param start epoch ms, inclusive; @param end epoch ms, exclusive */
  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  get maxTimestamp(): number {
    return this.end - 1;
  }

  get id(): string {
    if (this.#id === undefined) {
      const writer = new Writer(24);
      encodeInterval(this, writer);
      this.#id = writer.view().toString("latin1");
    }
    return this.#id;
  }
}

/** Writes a window as its end and its length. @see beam:coder:interval_window:v1 */
export function encodeInterval(window: Window, to: Writer): void {
  to.timestamp(window.end);
  const span = window.end - window.start;
  const exact = Number.isSafeInteger(window.end) && Number.isSafeInteger(window.start);
  to.varint(exact ? span : exactInstant(window.end) - exactInstant(window.start));
}
