import { LatencyWindow } from "./latency-window.ts";
import type { OnlineStore, ReadLimits } from "./online-store.ts";

/**
 * What became of a read that was late: a second one was made and `won` or `lost`, or both `failed`; or none was made,
 * since too many were (`over_budget`).
 */
export type HedgeOutcome = "won" | "lost" | "failed" | "over_budget";

/** When a read is late, and what a second one may cost. */
export interface HedgeOptions {
  /** ms, or the time below which 95 of 100 reads of late were, of as many keys (by powers of two). */
  readonly after: number | "p95";
  /** How many second reads there may be for each read, in the long run. @default 0.05 */
  readonly budget?: number;
  readonly onOutcome: (outcome: HedgeOutcome) => void;
}

const BUDGET = 0.05;
/** Second reads that a quiet time may save up: enough for one short stall of the store, and no more. */
const SAVED = 10;

/**
 * A store that is asked again where it is late: the first answer to come is taken, the other read is cancelled. It cuts
 * the few slow reads that one slow connection or server makes; where all of the store is slow, the budget keeps it from
 * being asked twice as much.
 * @param second the same store by another connection: what holds up the first read should not hold up the second
 */
export function hedged(first: OnlineStore, second: OnlineStore, options: HedgeOptions): OnlineStore {
  const { after, budget = BUDGET, onOutcome } = options;
  const windows = new Map<number, LatencyWindow>();
  let saved = 1;

  function windowOf(keys: number): LatencyWindow {
    const size = Math.ceil(Math.log2(keys));
    let window = windows.get(size);
    if (window === undefined) windows.set(size, (window = new LatencyWindow(0.95)));
    return window;
  }

  return {
    async readViews(plans, keys, tMs, { budgetMs, signal }) {
      const startedMs = performance.now();
      const passedMs = () => performance.now() - startedMs;
      const window = windowOf(keys.length);
      const afterMs = after === "p95" ? window.quantileMs : after;
      saved = Math.min(SAVED, saved + budget);

      const read = (store: OnlineStore, limits: ReadLimits) => store.readViews(plans, keys, tMs, limits);
      const firstEnds = new Ender(signal);
      // Of a read that is cancelled is known that it took longer than this: it counts as slow, which it was.
      const one = read(first, { budgetMs, signal: firstEnds.signal }).finally(() => window.add(passedMs()));
      if (afterMs === undefined || !(await isLate(one, afterMs))) return await one;
      if (saved < 1) {
        onOutcome("over_budget");
        return await one;
      }
      saved -= 1;
      const secondEnds = new Ender(signal);
      const limits = { budgetMs: Math.max(1, budgetMs - passedMs()), signal: secondEnds.signal };
      const two = read(second, limits);
      const won = await Promise.any([one.then(() => "lost" as const), two.then(() => "won" as const)]).catch(
        () => "failed" as const,
      );
      onOutcome(won);
      if (won === "won") firstEnds.end();
      else secondEnds.end();
      return await (won === "won" ? two : one);
    },
    readCompleteThrough: (plans, budgetMs) => first.readCompleteThrough(plans, budgetMs),
  };
}

/** Ends one of two reads; whatever ends both ends it as well. */
class Ender {
  readonly #own = new AbortController();
  readonly signal: AbortSignal;

  constructor(outer: AbortSignal | undefined) {
    this.signal = outer === undefined ? this.#own.signal : AbortSignal.any([outer, this.#own.signal]);
  }

  end(): void {
    this.#own.abort();
  }
}

/** Whether work is still under way after so long; it isn't late where it has failed. */
async function isLate(work: Promise<unknown>, afterMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<true>((resolve) => {
    timer = setTimeout(resolve, afterMs, true);
  });
  const done = () => false;
  try {
    return await Promise.race([work.then(done, done), late]);
  } finally {
    clearTimeout(timer);
  }
}
