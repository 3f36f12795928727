import type { FunctionSpec } from "apache-beam/proto/beam_runner_api";
import { CombinePayload, OutputTime_Enum } from "apache-beam/proto/beam_runner_api";
import { Writer } from "../../core/bytes.ts";
import type { Coder } from "../coders/coder.ts";
import { keyCoderOf } from "../coders/composite.ts";
import type { CombineFn } from "../dofn.ts";
import { HarnessError, required, transformError } from "../errors.ts";
import { COMBINE_FN_URN, makeCombineFn } from "../registry.ts";
import { NO_FIRING } from "../windowed-value.ts";
import type { KV, Window, WindowedValue } from "../windowed-value.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import type { Output } from "./output.ts";

/** Groups that a bundle may hold before it hands them on. */
const MAX_GROUPS = 20_000;

type Step = (fn: CombineFn, value: never) => unknown;

function fold(fn: CombineFn, accumulators: readonly unknown[]): unknown {
  return accumulators.reduce((merged, accumulator) => fn.merge(merged, accumulator), fn.zero());
}

/**
 * A combine in pieces, as runners lift it around their shuffle; these pieces take one value each.
 * @see https://s.apache.org/beam-runner-api-combine-model
 */
const STEPS: Readonly<Record<string, Step>> = {
  "beam:transform:combine_per_key_merge_accumulators:v1": fold,
  "beam:transform:combine_per_key_extract_outputs:v1": (fn, accumulator) => fn.output(accumulator),
  "beam:transform:combine_per_key_convert_to_accumulators:v1": (fn, input) => fn.add(fn.zero(), input),
  "beam:transform:combine_grouped_values:v1": (fn, inputs: readonly unknown[]) =>
    fn.output(inputs.reduce((accumulator, input) => fn.add(accumulator, input), fn.zero())),
};
const PRECOMBINE_URN = "beam:transform:combine_per_key_precombine:v1";

/** Which transforms are combines. */
export const COMBINE_URNS: ReadonlySet<string> = new Set([PRECOMBINE_URN, ...Object.keys(STEPS)]);

/** @throws HarnessError `not_registered`, `unsupported` */
export function combineOperator(context: OperatorContext): Operator {
  const { transform } = context;
  const spec = required(transform.spec, `spec of ${context.id}`);
  const fn = registeredCombineFn(CombinePayload.fromBinary(spec.payload).combineFn, transform.uniqueName);
  const step = STEPS[spec.urn];
  return step ? new CombineStep(context, fn, step) : new Precombine(context, fn);
}

/** The CombineFn that a spec names. @throws HarnessError `not_registered`; `unsupported` for one that is not ours */
export function registeredCombineFn(spec: FunctionSpec | undefined, transform: string): CombineFn {
  if (spec?.urn !== COMBINE_FN_URN) {
    throw new HarnessError("unsupported", `can't run a CombineFn of kind ${spec?.urn ?? "none"}`, {
      transform,
    });
  }
  return makeCombineFn(spec.payload);
}

class CombineStep implements Operator {
  readonly id: string;
  readonly name: string;
  readonly #fn: CombineFn;
  readonly #step: Step;
  readonly #output: Output;

  constructor({ id, transform, output }: OperatorContext, fn: CombineFn, step: Step) {
    this.id = id;
    this.name = transform.uniqueName;
    this.#fn = fn;
    this.#step = step;
    this.#output = output(required(Object.values(transform.outputs)[0], `output of ${id}`));
  }

  process(element: WindowedValue): void {
    const { key, value } = element.value as KV<unknown, never>;
    const combined = this.#run(value);
    this.#output.emit({ ...element, value: { key, value: combined } });
  }

  #run(value: never): unknown {
    try {
      return this.#step(this.#fn, value);
    } catch (error) {
      throw transformError(error, this.name, "combine");
    }
  }
}

interface Group {
  readonly key: unknown;
  readonly window: Window;
  accumulator: unknown;
  timestamp: number;
}

/** Combines what a bundle holds of each key and window, before the shuffle. */
class Precombine implements Operator {
  readonly id: string;
  readonly name: string;
  readonly #fn: CombineFn;
  readonly #output: Output;
  readonly #keyCoder: Coder<unknown>;
  readonly #outputTime: OutputTime_Enum;
  readonly #groups = new Map<string, Group>();
  readonly #scratch = new Writer(64);

  constructor({ id, transform, descriptor, coders, output }: OperatorContext, fn: CombineFn) {
    this.id = id;
    this.name = transform.uniqueName;
    this.#fn = fn;
    this.#output = output(required(Object.values(transform.outputs)[0], `output of ${id}`));
    const inputId = required(Object.values(transform.inputs)[0], `input of ${id}`);
    const input = required(descriptor.pcollections[inputId], `PCollection ${inputId}`);
    this.#keyCoder = required(keyCoderOf(coders.get(input.coderId)), `key-value coder of ${inputId}`);
    const windowing = descriptor.windowingStrategies[input.windowingStrategyId];
    this.#outputTime = windowing?.outputTime ?? OutputTime_Enum.UNSPECIFIED;
  }

  startBundle(): void {
    this.#groups.clear();
  }

  process(element: WindowedValue): void {
    const { key, value } = element.value as KV;
    const scratch = this.#scratch;
    scratch.pos = 0;
    this.#keyCoder.encode(key, scratch, true);
    const keyId = scratch.buf.toString("latin1", 0, scratch.pos);
    for (const window of element.windows) {
      const id = `${window.id.length}:${window.id}${keyId}`;
      let group = this.#groups.get(id);
      if (!group) {
        group = {
          key,
          window,
          accumulator: this.#fn.zero(),
          timestamp: this.#timestamp(element.timestamp, window),
        };
        this.#groups.set(id, group);
      }
      try {
        group.accumulator = this.#fn.add(group.accumulator, value);
      } catch (error) {
        throw transformError(error, this.name, "combine");
      }
      group.timestamp = this.#later(group.timestamp, element.timestamp);
    }
    if (this.#groups.size > MAX_GROUPS) this.#flush();
  }

  finishBundle(): void {
    this.#flush();
  }

  #timestamp(timestamp: number, window: Window): number {
    return this.#outputTime === OutputTime_Enum.END_OF_WINDOW ? window.maxTimestamp : timestamp;
  }

  #later(group: number, element: number): number {
    if (this.#outputTime === OutputTime_Enum.END_OF_WINDOW) return group;
    return this.#outputTime === OutputTime_Enum.EARLIEST_IN_PANE
      ? Math.min(group, element)
      : Math.max(group, element);
  }

  #flush(): void {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    for (const { key, window, accumulator, timestamp } of groups) {
      this.#output.emit({
        value: { key, value: accumulator },
        timestamp,
        windows: [window],
        pane: NO_FIRING,
      });
    }
  }
}
