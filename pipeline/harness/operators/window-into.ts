import { WindowIntoPayload } from "apache-beam/proto/beam_runner_api";
import { required, transformError } from "../errors.ts";
import type { WindowedValue } from "../windowed-value.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import type { Output } from "./output.ts";
import { type AssignWindows, makeWindowFn } from "./window-fn.ts";

/**
 * Puts each element into the windows that hold its timestamp, whichever it was in.
 * @see beam:transform:window_into:v1
 * @throws HarnessError `unsupported` for a window function that this worker doesn't know
 */
export class WindowInto implements Operator {
  readonly id: string;
  readonly name: string;
  readonly #assign: AssignWindows;
  readonly #output: Output;

  constructor({ id, transform, output }: OperatorContext) {
    this.id = id;
    this.name = transform.uniqueName;
    this.#output = output(required(Object.values(transform.outputs)[0], `output of ${id}`));
    try {
      const { windowFn } = WindowIntoPayload.fromBinary(required(transform.spec, `spec of ${id}`).payload);
      this.#assign = makeWindowFn(required(windowFn, `window function of ${id}`));
    } catch (error) {
      throw transformError(error, this.name, "window function");
    }
  }

  process(element: WindowedValue): void {
    const windows = this.#assign(element.timestamp);
    if (windows.length > 0) this.#output.emit({ ...element, windows }); // in a gap between windows there are none
  }
}
