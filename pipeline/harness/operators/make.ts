import { HarnessError } from "../errors.ts";
import { COMBINE_URNS, combineOperator } from "./combine.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import { ParDo } from "./par-do.ts";
import { flattenOperator, mapWindowsOperator } from "./simple.ts";
import { Sink } from "./sink.ts";
import { Source } from "./source.ts";

/**
 * Makes the operator of a transform.
 * @throws HarnessError `unsupported` for a transform that this worker can't run
 */
export function makeOperator(context: OperatorContext): Operator {
  const urn = context.transform.spec?.urn ?? "";
  if (COMBINE_URNS.has(urn)) return combineOperator(context);
  switch (urn) {
    case "beam:runner:source:v1":
      return new Source(context);
    case "beam:runner:sink:v1":
      return new Sink(context);
    case "beam:transform:pardo:v1":
      return new ParDo(context);
    case "beam:transform:flatten:v1":
      return flattenOperator(context);
    case "beam:transform:map_windows:v1":
      return mapWindowsOperator(context);
    default: {
      const transform = context.transform.uniqueName;
      throw new HarnessError("unsupported", `can't run a transform of kind ${urn || "none"}`, { transform });
    }
  }
}
