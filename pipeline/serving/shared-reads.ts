import { type SpanContext, trace } from "@opentelemetry/api";
import { cellLimitMs } from "../core/answer.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { OnlineStore } from "./online-store.ts";
import { forSharers } from "./tracing.ts";

/** How reads are shared. */
export interface SharedReadsOptions {
  /** Keys of one request to the store at most; a read that has as many itself is not shared. */
  readonly keysARequest: number;
  /** Called with the entity and the ms that a request to the store took, whether it failed or not. */
  readonly onRequest?: (entity: string, ms: number) => void;
}

/** What goes to the store as one request, and those that wait for it. */
interface Gathered {
  readonly plans: readonly ViewPlan[];
  readonly tMs: number;
  readonly keys: Set<string>;
  budgetMs: number;
  readonly sharers: (SpanContext | undefined)[];
  readonly answer: PromiseWithResolvers<Awaited<ReturnType<OnlineStore["readViews"]>>>;
}

/**
 * A store of which the reads that come in one turn of the event loop are one request, where they ask the same of it: a
 * request costs the server far more than a key of it. Nobody waits for others to come: a server at leisure asks for each
 * read by itself, and the busier it is, the more come in a turn.
 *
 * Each gets the panes of all who shared, and the failure too. The request has the longest of their budgets: who has less
 * must look to its own deadline. A read that can be cancelled is not shared.
 */
export function sharedReads(
  store: OnlineStore,
  { keysARequest, onRequest }: SharedReadsOptions,
): OnlineStore {
  let gathering: Gathered[] = [];

  async function ask(plans: readonly ViewPlan[], ...rest: [readonly string[], number, { budgetMs: number }]) {
    const startedMs = performance.now();
    try {
      return await store.readViews(plans, ...rest);
    } finally {
      onRequest?.(plans[0]?.entity ?? "", performance.now() - startedMs);
    }
  }

  function askForAll(): void {
    const all = gathering;
    gathering = [];
    for (const { plans, keys, tMs, budgetMs, sharers, answer } of all) {
      forSharers(sharers, () => ask(plans, [...keys], tMs, { budgetMs })).then(answer.resolve, answer.reject);
    }
  }

  return {
    readViews(plans, keys, tMs, limits) {
      if (limits.signal !== undefined || keys.length >= keysARequest) return ask(plans, keys, tMs, limits);
      let shared = gathering.find(
        (each) => each.keys.size + keys.length <= keysARequest && asksTheSame(each, plans, tMs),
      );
      if (shared === undefined) {
        if (gathering.length === 0) setImmediate(askForAll); // after all that this turn has brought
        shared = { plans, tMs, keys: new Set(), budgetMs: 0, sharers: [], answer: Promise.withResolvers() };
        gathering.push(shared);
      }
      for (const key of keys) shared.keys.add(key);
      shared.budgetMs = Math.max(shared.budgetMs, limits.budgetMs);
      shared.sharers.push(trace.getActiveSpan()?.spanContext());
      return shared.answer.promise;
    },
    readCompleteThrough: (plans, budgetMs) => store.readCompleteThrough(plans, budgetMs),
  };
}

/** Whether the same cells answer, of each key. */
function asksTheSame(gathered: Gathered, plans: readonly ViewPlan[], tMs: number): boolean {
  return (
    gathered.plans.length === plans.length &&
    plans.every(
      (plan, i) => plan === gathered.plans[i] && cellLimitMs(plan, tMs) === cellLimitMs(plan, gathered.tMs),
    )
  );
}
