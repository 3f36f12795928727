/** Up to which time all on-time rows of a view are readable, and since when that is known. */
export interface CompleteThrough {
  readonly completeThroughMs: number;
  readonly availableAtMs: number;
}

/** The longest tick, ms: how often a view's `complete_through` moves at least, while its watermark does. */
const LONGEST_TICK_MS = 10_000;

/**
 * How often `complete_through` is written, in ms of event time: `min(slide, 10 s)`. It only ever decides `stale`
 * and `as_of`, so a view's `freshness` must exceed it.
 */
export function tickMs(slideMs: number): number {
  return Math.min(slideMs, LONGEST_TICK_MS);
}
