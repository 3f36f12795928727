import { tickMs } from "../core/complete-through.ts";
import type { Duration } from "../core/duration.ts";
import { WINDOW_STRATEGIES, type WindowStrategy } from "../core/view-plan.ts";
import { readDuration } from "./checks.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";

/** When a view's windows move, close and show what they hold. */
export interface WindowPolicy {
  /** How far apart window ends are: every size is a multiple of it. At least 1 s. */
  readonly slide: Duration;
  /** How long after its event time an event may be published; one published later joins no window. */
  readonly allowedLateness: Duration;
  /** A window that is still open shows what it holds this long after a change. @default no early rows */
  readonly early?: Duration;
  /** How long after its publish a message may still be processed: an outage, a redrive. @default "1h" */
  readonly slack?: Duration;
  /** How windows are kept: the answers are the same. Another strategy is another graph. @default "timers" */
  readonly strategy?: WindowStrategy;
}

/** The times of a view, ms. */
export interface Timing {
  readonly slideMs: number;
  readonly allowedLatenessMs: number;
  readonly slackMs: number;
  readonly earlyMs: number | undefined;
  readonly freshnessMs: number;
  readonly latencyMs: number;
}

const MIN_SLIDE_MS = 1_000;

/** How long a source may be quiet before its watermark moves without messages. */
const SOURCE_IDLE_MARGIN_MS = 3_000;

/**
 * Reads and checks the times of a view.
 * @throws DefinitionError
 */
export function readTiming(
  at: (field: string) => DefinitionPlace,
  window: WindowPolicy,
  freshness: Duration,
  latency: Duration = "1s",
): Timing {
  const slideMs = readDuration(at("window.slide"), window.slide);
  if (slideMs < MIN_SLIDE_MS) {
    throw new DefinitionError("slide_too_short", at("window.slide"), window.slide, "it must be 1s or longer");
  }
  return {
    slideMs,
    allowedLatenessMs: readDuration(at("window.allowedLateness"), window.allowedLateness),
    slackMs: readDuration(at("window.slack"), window.slack ?? "1h"),
    earlyMs:
      window.early === undefined ? undefined : readEarly(at("window.early"), window.early, window.slide),
    freshnessMs: readFreshness(at("freshness"), freshness, slideMs),
    latencyMs: readDuration(at("latency"), latency),
  };
}

/** @throws DefinitionError `bad_strategy` for what is none, which an untyped caller can give */
export function readStrategy(place: DefinitionPlace, strategy: WindowStrategy = "timers"): WindowStrategy {
  if (WINDOW_STRATEGIES.includes(strategy)) return strategy;
  const problem = `it must be one of ${WINDOW_STRATEGIES.join(", ")}`;
  throw new DefinitionError("bad_strategy", place, strategy, problem);
}

function readEarly(place: DefinitionPlace, early: Duration, slide: Duration): number {
  const earlyMs = readDuration(place, early);
  if (earlyMs > 0 && earlyMs <= readDuration(place, slide)) return earlyMs;
  const problem = `it must be above 0 and at most the slide, ${slide}; leave it out for no early rows`;
  throw new DefinitionError("early_not_within_slide", place, early, problem);
}

/** What a row is complete through is known once a tick, and no better than the source's watermark. */
function readFreshness(place: DefinitionPlace, freshness: Duration, slideMs: number): number {
  const freshnessMs = readDuration(place, freshness);
  const leastMs = tickMs(slideMs) + SOURCE_IDLE_MARGIN_MS;
  if (freshnessMs > leastMs) return freshnessMs;
  const problem = `it must exceed ${leastMs / 1_000}s (tick + the source's idle margin), or every answer would be stale`;
  throw new DefinitionError("freshness_too_short", place, freshness, problem);
}
