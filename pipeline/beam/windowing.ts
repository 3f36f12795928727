import * as pb from "apache-beam/proto/beam_runner_api";
import { SlidingWindowsPayload } from "apache-beam/proto/standard_window_fns";
import { type Coder, intervalWindowCoder } from "../harness/coders.ts";
import type { Window } from "../harness/windowed-value.ts";

/** Windows to put a collection into. */
export interface Windowing {
  readonly windowCoder: Coder<Window>;
  /** All of the strategy but the coder's id, which a graph gives. */
  readonly strategy: Omit<pb.WindowingStrategy, "windowCoderId">;
}

/** Beam's sliding windows, and when their panes leave. Times are ms. */
export interface SlidingOptions {
  readonly sizeMs: number;
  readonly periodMs: number;
  /** How long after its end a window still takes elements, by the watermark. */
  readonly allowedLatenessMs: number;
  /** Panes before a window's end: that long after a change by the clock, at once after each, or none. */
  readonly early: number | "at once" | "none";
}

/**
 * Accumulating sliding windows: a pane at the window's end always, whether or not anything came since its last early
 * one; another for each late element; and none that is empty when it closes. Elements of a pane are stamped with the
 * window's last instant, so the watermark waits for them.
 * @see https://beam.apache.org/documentation/programming-guide/#windowing
 */
export function slidingWindows({ sizeMs, periodMs, allowedLatenessMs, early }: SlidingOptions): Windowing {
  const windows = SlidingWindowsPayload.create({
    size: durationProto(sizeMs),
    period: durationProto(periodMs),
  });
  const strategy = pb.WindowingStrategy.create({
    windowFn: {
      urn: "beam:window_fn:sliding_windows:v1",
      payload: SlidingWindowsPayload.toBinary(windows),
    },
    mergeStatus: pb.MergeStatus_Enum.NON_MERGING,
    trigger: afterEndOfWindow(early),
    accumulationMode: pb.AccumulationMode_Enum.ACCUMULATING,
    outputTime: pb.OutputTime_Enum.END_OF_WINDOW,
    closingBehavior: pb.ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
    onTimeBehavior: pb.OnTimeBehavior_Enum.FIRE_ALWAYS,
    allowedLateness: BigInt(allowedLatenessMs),
    assignsToOneWindow: sizeMs === periodMs,
  });
  return { windowCoder: intervalWindowCoder, strategy };
}

/** The same windows, but each element fires at once and is let go. */
export function firingAlways(strategy: pb.WindowingStrategy): pb.WindowingStrategy {
  return {
    ...strategy,
    trigger: pb.Trigger.create({ trigger: { oneofKind: "always", always: {} } }),
    accumulationMode: pb.AccumulationMode_Enum.DISCARDING,
    outputTime: pb.OutputTime_Enum.EARLIEST_IN_PANE,
  };
}

function afterEndOfWindow(early: SlidingOptions["early"]): pb.Trigger {
  const lateFirings = afterElements(1);
  const earlyFirings =
    early === "at once" ? afterElements(1) : early === "none" ? undefined : afterDelay(early);
  const afterEndOfWindow = { lateFirings, ...(earlyFirings && { earlyFirings }) };
  return pb.Trigger.create({ trigger: { oneofKind: "afterEndOfWindow", afterEndOfWindow } });
}

function afterElements(elementCount: number): pb.Trigger {
  return pb.Trigger.create({ trigger: { oneofKind: "elementCount", elementCount: { elementCount } } });
}

function afterDelay(delayMs: number): pb.Trigger {
  const delay = { delayMillis: BigInt(delayMs) };
  const afterProcessingTime = {
    timestampTransforms: [{ timestampTransform: { oneofKind: "delay" as const, delay } }],
  };
  return pb.Trigger.create({ trigger: { oneofKind: "afterProcessingTime", afterProcessingTime } });
}

/** Exact for whole milliseconds, whatever their sign. */
function durationProto(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.trunc(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}
