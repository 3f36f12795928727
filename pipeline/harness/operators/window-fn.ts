import { FixedWindowsPayload, SlidingWindowsPayload } from "apache-beam/proto/standard_window_fns";
import type { FunctionSpec } from "apache-beam/proto/beam_runner_api";
import { HarnessError, required } from "../errors.ts";
import { GLOBAL_WINDOWS, IntervalWindow, type Window } from "../windowed-value.ts";

/** The window functions that this worker assigns by. @see StandardWindowFns in Beam's standard_window_fns.proto */
export const WINDOW_FN_URNS = {
  global: "beam:window_fn:global_windows:v1",
  fixed: "beam:window_fn:fixed_windows:v1",
  sliding: "beam:window_fn:sliding_windows:v1",
} as const;

/** All windows that hold an instant, epoch ms. */
export type AssignWindows = (timestamp: number) => readonly Window[];

interface ProtoTime {
  readonly seconds: bigint;
  readonly nanos: number;
}

/**
 * Makes the function that assigns windows.
 * @throws HarnessError `unsupported` for another window function, `protocol` for windows of no length
 */
export function makeWindowFn({ urn, payload }: FunctionSpec): AssignWindows {
  switch (urn) {
    case WINDOW_FN_URNS.global:
      return () => GLOBAL_WINDOWS;
    case WINDOW_FN_URNS.fixed: {
      const { size, offset } = FixedWindowsPayload.fromBinary(payload);
      const sizeMs = millis(required(size, "size of fixed windows"));
      return assignSliding(sizeMs, sizeMs, offset ? millis(offset) : 0);
    }
    case WINDOW_FN_URNS.sliding: {
      const { size, period, offset } = SlidingWindowsPayload.fromBinary(payload);
      const sizeMs = millis(required(size, "size of sliding windows"));
      return assignSliding(sizeMs, millis(required(period, "period")), offset ? millis(offset) : 0);
    }
    default:
      throw new HarnessError("unsupported", `can't assign windows by ${urn || "nothing"}`);
  }
}

/**
 * Windows `[start, start + size)` for each start `offset + n · period`, newest first, as Beam's Java lists them. The
 * windows of one period's instants are the same ones, so those of the last period are kept: elements come in order
 * more often than not.
 */
function assignSliding(sizeMs: number, periodMs: number, offsetMs: number): AssignWindows {
  if (sizeMs <= 0 || periodMs <= 0) {
    throw new HarnessError("protocol", `windows of ${sizeMs} ms every ${periodMs} ms`);
  }
  let lastMs = NaN;
  let last: readonly Window[] = [];
  return (timestamp) => {
    const newestMs = Math.floor((timestamp - offsetMs) / periodMs) * periodMs + offsetMs;
    // Windows further apart than they are long leave gaps, and a period's windows are not those of all its instants.
    if (newestMs !== lastMs || sizeMs % periodMs !== 0) {
      const windows: Window[] = [];
      for (let startMs = newestMs; startMs > timestamp - sizeMs; startMs -= periodMs) {
        windows.push(new IntervalWindow(startMs, startMs + sizeMs));
      }
      [lastMs, last] = [newestMs, windows];
    }
    return last;
  };
}

function millis({ seconds, nanos }: ProtoTime): number {
  return Number(seconds) * 1_000 + nanos / 1e6;
}
