import { HarnessError } from "../errors.ts";
import { COMBINE_URNS, combineOperator } from "./combine.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import { ParDo } from "./par-do.ts";
import { flattenOperator, mapWindowsOperator } from "./simple.ts";
import { Sink } from "./sink.ts";
import { Source } from "./source.ts";
import { WindowInto } from "./window-into.ts";

type Make = (context: OperatorContext) => Operator;

const MAKERS: ReadonlyMap<string, Make> = new Map<string, Make>([
  ["beam:runner:source:v1", (context) => new Source(context)],
  ["beam:runner:sink:v1", (context) => new Sink(context)],
  ["beam:transform:pardo:v1", (context) => new ParDo(context)],
  ["beam:transform:flatten:v1", flattenOperator],
  ["beam:transform:map_windows:v1", mapWindowsOperator],
  ["beam:transform:window_into:v1", (context) => new WindowInto(context)],
  ...[...COMBINE_URNS].map((urn): [string, Make] => [urn, combineOperator]),
]);

/** Kinds of transform that this worker can run. */
export const TRANSFORM_URNS: readonly string[] = [...MAKERS.keys()];

/**
 * Makes the operator of a transform.
 * @throws HarnessError `unsupported` for a transform that this worker can't run
 */
export function makeOperator(context: OperatorContext): Operator {
  const urn = context.transform.spec?.urn ?? "";
  const make = MAKERS.get(urn);
  if (make) return make(context);
  const transform = context.transform.uniqueName;
  throw new HarnessError("unsupported", `can't run a transform of kind ${urn || "none"}`, { transform });
}
