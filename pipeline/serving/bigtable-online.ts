import { trace } from "@opentelemetry/api";
import type { BigtableStore } from "../stores/bigtable-store.ts";
import type { Retry } from "../stores/retry.ts";
import type { OnlineStore, ReadLimits } from "./online-store.ts";

/** A read may be repeated at once: what failed fast may pass, and who waits has no time for a long delay. */
function withinBudget({ budgetMs, signal }: ReadLimits, random: () => number): Retry {
  return {
    policy: { attempts: 3, baseMs: 4, maxDelayMs: 20, totalMs: budgetMs, attemptMs: Math.max(1, budgetMs) },
    random,
    // A retry is a request of its own to the store.
    onRetry: () => trace.getActiveSpan()?.addEvent("retry"),
    ...(signal !== undefined && { signal }),
  };
}

/** The online store of one generation, as the server asks it. */
export function bigtableOnline(store: BigtableStore, random: () => number): OnlineStore {
  return {
    readViews: (plans, keys, tMs, limits) => store.readViews(plans, keys, tMs, withinBudget(limits, random)),
    async readCompleteThrough(plans, budgetMs) {
      const marks = await store.readMarks(plans, withinBudget({ budgetMs }, random));
      return marks.map((mark) => mark?.completeThroughMs);
    },
  };
}
