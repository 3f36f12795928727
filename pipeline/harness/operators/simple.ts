import { FunctionSpec } from "apache-beam/proto/beam_runner_api";
import { HarnessError, required } from "../errors.ts";
import type { WindowedValue } from "../windowed-value.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import type { Output } from "./output.ts";

/** Hands elements on unchanged. */
class PassThrough implements Operator {
  readonly id: string;
  readonly name: string;
  readonly #output: Output;

  constructor({ id, transform, output }: OperatorContext) {
    this.id = id;
    this.name = transform.uniqueName;
    this.#output = output(required(Object.values(transform.outputs)[0], `output of ${id}`));
  }
  prefetch(elements: readonly WindowedValue[]): Promise<unknown> | undefined {
    return this.#output.prefetch(elements);
  }
  process(element: WindowedValue): void {
    this.#output.emit(element);
  }
}

/** All inputs in one output. @see beam:transform:flatten:v1 */
export function flattenOperator(context: OperatorContext): Operator {
  return new PassThrough(context);
}

/** The one mapping from a main input's window to a side input's that our graphs use. */
export const IDENTITY_WINDOW_MAPPING_URN = "beam:window_mapping_fn:identity:v1";

/**
 * Maps main input windows to side input windows, for runners that let the worker do so.
 * @see beam:transform:map_windows:v1
 * @throws HarnessError `unsupported` for a mapping other than identity
 */
export function mapWindowsOperator(context: OperatorContext): Operator {
  const { urn } = FunctionSpec.fromBinary(required(context.transform.spec, `spec of ${context.id}`).payload);
  if (urn !== IDENTITY_WINDOW_MAPPING_URN) {
    const transform = context.transform.uniqueName;
    throw new HarnessError("unsupported", `can't map windows by ${urn}`, { transform });
  }
  return new PassThrough(context);
}
