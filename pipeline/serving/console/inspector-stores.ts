import type { KeyFacts } from "../../core/audit/explain.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import type { OfflineStore } from "../../stores/archive.ts";
import { bigqueryClient } from "../../stores/clients.ts";
import { type DeadLetterFilter, readDeadLetters, type StoredDeadLetter } from "../../stores/dead-letters.ts";
import type { StoreEndpoints } from "../../stores/endpoints.ts";
import { type FactsRequest, readKeyFacts } from "../../stores/key-facts.ts";
import { type LateFilter, readLateEvents, type StoredLateEvent } from "../../stores/late-events.ts";
import { type RecentKey, readRecentKeys } from "../../stores/offline-panes.ts";
import { countOutcomes, type OutcomeCount } from "../../stores/outcome-counts.ts";
import { publishAgain } from "../../stores/redrive.ts";
import { defaultRetryPolicy, type Retry } from "../../stores/retry.ts";

/**
 * What the console's inspecting pages ask of the stores: a port, so that tests need none. Each takes how long it may
 * last, ms, and throws StoreUnavailableError or StoreConfigError.
 */
export interface InspectorStores {
  keyFacts(request: FactsRequest, budgetMs: number): Promise<KeyFacts>;
  recentKeys(plan: ViewPlan, sinceMs: number, limit: number, budgetMs: number): Promise<readonly RecentKey[]>;
  outcomes(
    what: "dead_letters" | "late_events",
    sinceMs: number,
    spanMs: number,
    budgetMs: number,
  ): Promise<readonly OutcomeCount[]>;
  /** @param [dataBytes] bytes of each letter's data; all of them when left out */
  deadLetters(
    filter: DeadLetterFilter,
    budgetMs: number,
    dataBytes?: number,
  ): Promise<readonly StoredDeadLetter[]>;
  lateEvents(filter: LateFilter, budgetMs: number): Promise<readonly StoredLateEvent[]>;
  /** Publishes dead letters of one topic again, and records that as done at `nowMs`. */
  publishAgain(
    topic: string,
    letters: readonly StoredDeadLetter[],
    nowMs: number,
    budgetMs: number,
  ): ReturnType<typeof publishAgain>;
}

/** The stores of a deployment. */
export function inspectorStores(endpoints: StoreEndpoints, random: () => number): InspectorStores {
  const { dataset } = endpoints.bigquery;
  const client = () => bigqueryClient(endpoints);
  const within = (budgetMs: number): Retry => {
    const limits = { attempts: 3, totalMs: budgetMs, attemptMs: budgetMs, queryMs: budgetMs };
    return { policy: { ...defaultRetryPolicy, ...limits }, random };
  };
  const offline = (budgetMs: number): OfflineStore => ({
    client: client(),
    dataset,
    generation: endpoints.generation,
    retry: within(budgetMs),
  });
  return {
    keyFacts: (request, budgetMs) => readKeyFacts(endpoints, request, within(budgetMs)),
    recentKeys: (plan, sinceMs, limit, budgetMs) => readRecentKeys(offline(budgetMs), plan, sinceMs, limit),
    outcomes: (what, sinceMs, spanMs, budgetMs) => countOutcomes(offline(budgetMs), what, sinceMs, spanMs),
    deadLetters: (filter, budgetMs, dataBytes) =>
      readDeadLetters(client(), dataset, filter, within(budgetMs), dataBytes),
    lateEvents: (filter, budgetMs) => readLateEvents(offline(budgetMs), filter),
    publishAgain: (topic, letters, nowMs, budgetMs) =>
      publishAgain(endpoints, topic, letters, nowMs, within(budgetMs / 2)), // Pub/Sub's half, and BigQuery's
  };
}
