import { exactInstant, instantNumber, Reader } from "../../core/bytes.ts";
import type { Writer } from "../../core/bytes.ts";
import { HarnessError } from "../errors.ts";
import type { Pane, TimerData, Window, WindowedValue } from "../windowed-value.ts";
import {
  encodeInterval,
  GLOBAL_WINDOW,
  GLOBAL_WINDOWS,
  IntervalWindow,
  NO_FIRING,
} from "../windowed-value.ts";
import { coder, Coder } from "./coder.ts";

/** The global window takes no bytes. */
export const globalWindowCoder = coder<Window>("beam:coder:global_window:v1", {
  encode: () => undefined,
  decode: () => GLOBAL_WINDOW,
});

export const intervalWindowCoder = coder<Window>("beam:coder:interval_window:v1", {
  encode: (window, to) => {
    encodeInterval(window, to);
  },
  decode(from) {
    const end = from.timestamp();
    const span = from.varint();
    const start = Number.isSafeInteger(end)
      ? end - Number(span)
      : instantNumber(exactInstant(end) - BigInt(span));
    return new IntervalWindow(start, end);
  },
});

const INSTANT_BYTES = 8;

/**
 * A window of another language's window function: only the runner makes such ones, so it is handed on by its encoding.
 * The instant before it is not read: some of Beam's have no exact number, and a window that can be read has its own.
 */
class CustomWindowCoder extends Coder<Window> {
  readonly #of: Coder<Window>;
  constructor(of: Coder<Window>) {
    super("beam:coder:custom_window:v1", [of]);
    this.#of = of;
  }
  encode(window: Window, to: Writer): void {
    to.bytes(Buffer.from(window.id, "latin1"));
  }
  decode(from: Reader): Window {
    const begin = from.pos;
    from.bytes(INSTANT_BYTES);
    const { start, end, maxTimestamp } = this.#of.decode(from, true);
    return { start, end, maxTimestamp, id: from.buf.toString("latin1", begin, from.pos) };
  }
}

/** A window behind its last instant, so that a runner that can't read the window knows when it ends. */
export function customWindowCoder(of: Coder<Window>): Coder<Window> {
  return new CustomWindowCoder(of);
}

function encodeWindows(of: Coder<Window>, windows: readonly Window[], to: Writer): void {
  to.int32be(windows.length);
  for (const window of windows) of.encode(window, to, true);
}

function decodeWindows(of: Coder<Window>, from: Reader): readonly Window[] {
  const count = from.int32be();
  if (count === 1 && of === globalWindowCoder) return GLOBAL_WINDOWS;
  if (count < 1) throw new HarnessError("protocol", `an element in ${count} windows`);
  const windows: Window[] = [];
  for (let i = 0; i < count; i++) windows.push(of.decode(from, true));
  return windows;
}

const TIMINGS = ["EARLY", "ON_TIME", "LATE", "UNKNOWN"] as const;
const NO_FIRING_BYTE = 0x0f;

// Two flags, two bits of timing, and in the high nibble how many indices follow (0: both are 0).
function encodePane(pane: Pane, to: Writer): void {
  if (pane === NO_FIRING) {
    to.byte(NO_FIRING_BYTE);
    return;
  }
  const flags = (pane.isFirst ? 1 : 0) | (pane.isLast ? 2 : 0) | (TIMINGS.indexOf(pane.timing) << 2);
  if ((pane.index === 0 && pane.onTimeIndex === 0) || pane.timing === "UNKNOWN") {
    to.byte(flags);
  } else if (pane.index === pane.onTimeIndex || pane.timing === "EARLY") {
    to.byte(flags | 0x10);
    to.varint(pane.index);
  } else {
    to.byte(flags | 0x20);
    to.varint(pane.index);
    to.varint(pane.onTimeIndex);
  }
}

function decodePane(from: Reader): Pane {
  const byte = from.byte();
  if (byte === NO_FIRING_BYTE) return NO_FIRING;
  const timing = TIMINGS[((byte >> 2) & 3) as 0 | 1 | 2 | 3];
  const indices = byte >> 4;
  const index = indices === 0 ? 0 : from.varintNumber();
  const implied = timing === "EARLY" ? -1 : index;
  const onTimeIndex = indices === 2 ? from.varintNumber() : implied;
  return { timing, index, onTimeIndex, isFirst: (byte & 1) !== 0, isLast: (byte & 2) !== 0 };
}

class WindowedValueCoder<T> extends Coder<WindowedValue<T>> {
  readonly #value: Coder<T>;
  readonly #window: Coder<Window>;
  constructor(value: Coder<T>, window: Coder<Window>) {
    super("beam:coder:windowed_value:v1", [value, window]);
    this.#value = value;
    this.#window = window;
  }
  encode(element: WindowedValue<T>, to: Writer, nested: boolean): void {
    to.timestamp(element.timestamp);
    encodeWindows(this.#window, element.windows, to);
    encodePane(element.pane, to);
    this.#value.encode(element.value, to, nested);
  }
  decode(from: Reader, nested: boolean): WindowedValue<T> {
    const timestamp = from.timestamp();
    const windows = decodeWindows(this.#window, from);
    const pane = decodePane(from);
    return { value: this.#value.decode(from, nested), timestamp, windows, pane };
  }
}

/** A value with its timestamp, windows and pane: what crosses the data channel. */
export function windowedValueCoder<T>(value: Coder<T>, window: Coder<Window>): Coder<WindowedValue<T>> {
  return new WindowedValueCoder(value, window);
}

class ParamWindowedValueCoder<T> extends Coder<WindowedValue<T>> {
  readonly #value: Coder<T>;
  readonly #timestamp: number;
  readonly #windows: readonly Window[];
  readonly #pane: Pane;
  constructor(value: Coder<T>, window: Coder<Window>, payload: Uint8Array) {
    super("beam:coder:param_windowed_value:v1", [value, window], payload);
    const constant = new Reader(payload);
    this.#value = value;
    this.#timestamp = constant.timestamp();
    this.#windows = decodeWindows(window, constant);
    this.#pane = decodePane(constant);
  }
  encode(element: WindowedValue<T>, to: Writer, nested: boolean): void {
    this.#value.encode(element.value, to, nested);
  }
  decode(from: Reader, nested: boolean): WindowedValue<T> {
    const value = this.#value.decode(from, nested);
    return { value, timestamp: this.#timestamp, windows: this.#windows, pane: this.#pane };
  }
}

/** A value alone: timestamp, windows and pane are the coder's constants, held in `payload`. */
export function paramWindowedValueCoder<T>(
  value: Coder<T>,
  window: Coder<Window>,
  payload: Uint8Array,
): Coder<WindowedValue<T>> {
  return new ParamWindowedValueCoder(value, window, payload);
}

class TimerCoder<K> extends Coder<TimerData<K>> {
  readonly #key: Coder<K>;
  readonly #window: Coder<Window>;
  constructor(key: Coder<K>, window: Coder<Window>) {
    super("beam:coder:timer:v1", [key, window]);
    this.#key = key;
    this.#window = window;
  }
  encode(timer: TimerData<K>, to: Writer): void {
    this.#key.encode(timer.key, to, true);
    to.string(timer.tag);
    encodeWindows(this.#window, timer.windows, to);
    to.byte(timer.clear ? 1 : 0);
    if (timer.clear) return;
    to.timestamp(timer.fireMs);
    to.timestamp(timer.holdMs);
    encodePane(timer.pane, to);
  }
  decode(from: Reader): TimerData<K> {
    const key = this.#key.decode(from, true);
    const tag = from.string();
    const windows = decodeWindows(this.#window, from);
    if (from.byte() !== 0) return { key, tag, windows, clear: true, fireMs: 0, holdMs: 0, pane: NO_FIRING };
    const fireMs = from.timestamp();
    const holdMs = from.timestamp();
    return { key, tag, windows, clear: false, fireMs, holdMs, pane: decodePane(from) };
  }
}

/** A timer of one key and window. */
export function timerCoder<K>(key: Coder<K>, window: Coder<Window>): Coder<TimerData<K>> {
  return new TimerCoder(key, window);
}
