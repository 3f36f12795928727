import { assign } from "../core/lateness.ts";
import type { DecodedEvent, LateEvent } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";
import { jsonElementCoder, lateEventCoder } from "./element-coders.ts";

/** An event that may join windows of one view. */
export interface Candidate {
  readonly key: string;
  readonly event: DecodedEvent;
}

/**
 * What one view makes of each event: filtered, late, or a candidate for its windows. Late is a property of the data
 * (publish time − event time), so a replay decides alike. Late events leave at `late`, or are counted and dropped,
 * as the view says.
 */
export function assignEvents(graph: Graph, events: Collection<DecodedEvent>, plan: ViewPlan) {
  return graph.parDo<DecodedEvent, Candidate, { late: LateEvent }>(events, `${stageOf(plan)}/assign`, {
    doFn: "assign",
    config: refTo(plan),
    output: jsonElementCoder<Candidate>(),
    tags: { late: lateEventCoder },
  });
}

/** Makes the DoFn of this file known to the worker. */
export function registerAssign(registry: Registry): void {
  registerDoFn("assign", (ref: ViewRef): DoFn<DecodedEvent, Candidate | LateEvent> => {
    const plan = planOf(registry, ref);
    const stage = stageOf(plan);
    let filtered: { add(n: number): void };
    let late: Record<LateEvent["reason"], { add(n: number): void }>;
    return {
      setup({ metrics }) {
        filtered = metrics.counter(`${stage}.filtered`);
        late = {
          late: metrics.counter(`${stage}.late`),
          window_closed: metrics.counter(`${stage}.window_closed`),
        };
      },
      process(event, context) {
        const result = assign(plan, event);
        switch (result.outcome) {
          case "candidate":
            context.emit({ key: result.key, event });
            break;
          case "late":
            late[result.reason].add(1);
            if (plan.latePolicy === "side-output") {
              context.emit(
                { view: plan.name, reason: result.reason, key: result.key, event },
                { tag: "late" },
              );
            }
            break;
          case "filtered":
            filtered.add(1);
        }
      },
    };
  });
}
