import type { DeadLetter, FeatureRow, LateEvent, StoredRow } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { Registry } from "../define/index.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { topicsOf } from "../stores/pubsub-layout.ts";
import { registerSinks, SINKS } from "../stores/sinks/register.ts";
import type { Coder } from "../harness/coders.ts";
import type { Collection, Graph } from "./beam.ts";
import { deadLetterCoder, jsonElementCoder, storedRowCoder } from "./element-coders.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { refTo, stageOf } from "./view-ref.ts";

/*
 * The stores, one after the other and never side by side: a row that was never readable online must not look
 * available offline. A row that a store refuses for what it holds is a dead letter; an outage fails the bundle.
 */

/** Rows into Bigtable. What comes out is acknowledged, and stamped with when. */
export function writeOnline(
  graph: Graph,
  rows: Collection<FeatureRow>,
  plan: ViewPlan,
  endpoints: StoreEndpoints,
) {
  return writeRows(graph, rows, "online", storedRowCoder, plan, endpoints);
}

/** Readable rows into BigQuery. What comes out is the watermark of those acknowledged, and no element. */
export function writeOffline(
  graph: Graph,
  rows: Collection<StoredRow>,
  plan: ViewPlan,
  endpoints: StoreEndpoints,
) {
  return writeRows(graph, rows, "offline", jsonElementCoder<never>(), plan, endpoints);
}

/** Late events into their table and topic. */
export function writeLate(
  graph: Graph,
  late: Collection<LateEvent>,
  name: string,
  plan: ViewPlan,
  endpoints: StoreEndpoints,
): void {
  const { tags } = graph.parDo<LateEvent, null, { rejected: DeadLetter }>(late, name, {
    doFn: SINKS.late,
    config: { endpoints, topic: topicsOf(plan.source).late },
    output: jsonElementCoder<null>(),
    tags: { rejected: deadLetterCoder },
  });
  writeDeadLetters(graph, tags.rejected, `${name}/rejected`, plan.source, endpoints);
}

/** Dead letters into their table and topic. */
export function writeDeadLetters(
  graph: Graph,
  letters: Collection<DeadLetter>,
  name: string,
  event: string,
  endpoints: StoreEndpoints,
): void {
  graph.parDo(letters, name, {
    doFn: SINKS.deadLetters,
    config: { endpoints, event, topic: topicsOf(event).deadLetters },
    output: jsonElementCoder<null>(),
  });
}

/** Heartbeats into Bigtable, then BigQuery. */
export function writeCompleteThrough(
  graph: Graph,
  heartbeats: Collection<Heartbeat>,
  endpoints: StoreEndpoints,
): void {
  graph.parDo(heartbeats, "heartbeat/write", {
    doFn: SINKS.completeThrough,
    config: { endpoints },
    output: jsonElementCoder<null>(),
  });
}

/** Makes the stores' DoFns known to the worker. */
export function registerStoreSinks(registry: Registry): void {
  registerSinks({ plan: (name, version) => registry.plan(name, version), random: Math.random });
}

function writeRows<R extends FeatureRow, O>(
  graph: Graph,
  rows: Collection<R>,
  store: "online" | "offline",
  output: Coder<O>,
  plan: ViewPlan,
  endpoints: StoreEndpoints,
): Collection<O> {
  const name = `${stageOf(plan)}/${store}`;
  const written = graph.parDo<R, O, { rejected: DeadLetter }>(rows, name, {
    doFn: SINKS[store],
    config: { ...refTo(plan), endpoints },
    output,
    tags: { rejected: deadLetterCoder },
  });
  writeDeadLetters(graph, written.tags.rejected, `${name}/rejected`, plan.source, endpoints);
  return written;
}
