import type { ParDoPayload } from "apache-beam/proto/beam_runner_api";
import { TimeDomain_Enum } from "apache-beam/proto/beam_runner_api";
import type { Coder } from "../coders/coder.ts";
import { keyCoderOf } from "../coders/composite.ts";
import { HarnessError, required } from "../errors.ts";
import type { StateSpec } from "../state/keyed-state.ts";
import { KeyedStates } from "../state/keyed-states.ts";
import type { SideInputSpec } from "../state/side-inputs.ts";
import { SideInputs } from "../state/side-inputs.ts";
import { Timers } from "../state/timers.ts";
import type { TimerFamily } from "../state/timers.ts";
import type { TimerData } from "../windowed-value.ts";
import { registeredCombineFn } from "./combine.ts";
import type { OperatorContext } from "./operator.ts";

/** What a ParDo's payload declares beside its DoFn, ready for a processor. */
export interface ParDoParts {
  /** Present where states or timers are declared. */
  readonly states: KeyedStates | undefined;
  readonly timers: Timers | undefined;
  readonly sideInputs: SideInputs | undefined;
  /** Whether elements are key-value pairs. */
  readonly keyed: boolean;
  /** Whether it may have callbacks run after a bundle's commit. */
  readonly finalizes: boolean;
}

const ITERABLE_SIDE_INPUT_URN = "beam:side_input:iterable:v1";

/** @throws HarnessError `unsupported` for kinds of state and side input that the worker doesn't know */
export function parDoParts(payload: ParDoPayload, context: OperatorContext): ParDoParts {
  const { id, transform, descriptor, coders } = context;
  const sideNames = Object.keys(payload.sideInputs);
  const inputId = Object.entries(transform.inputs).find(([name]) => !sideNames.includes(name))?.[1];
  const input = required(descriptor.pcollections[required(inputId, `input of ${id}`)], `input of ${id}`);
  const keyCoder = keyCoderOf(coders.get(input.coderId));
  const stateUrl = descriptor.stateApiServiceDescriptor?.url;
  const states = stateSpecs(payload, context);
  const families = timerFamilies(payload, context);
  const stateful = states.length > 0 || families.length > 0;
  if (stateful && !keyCoder) throw unsupported(context, "states and timers need key-value input");
  const timerUrl = descriptor.timerApiServiceDescriptor?.url;
  return {
    states: stateful && keyCoder ? new KeyedStates(id, states, keyCoder, stateUrl) : undefined,
    timers: families.length > 0 ? new Timers(id, transform.uniqueName, timerUrl, families) : undefined,
    sideInputs: sideNames.length > 0 ? sideInputs(payload, context, stateUrl) : undefined,
    keyed: keyCoder !== undefined,
    finalizes: payload.requestsFinalization,
  };
}

function stateSpecs(payload: ParDoPayload, context: OperatorContext): StateSpec[] {
  return Object.entries(payload.stateSpecs).map(([name, { spec }]) => {
    if (spec.oneofKind === "readModifyWriteSpec") {
      return { name, kind: "value", coder: context.coders.get(spec.readModifyWriteSpec.coderId) };
    }
    if (spec.oneofKind === "bagSpec") {
      return { name, kind: "bag", coder: context.coders.get(spec.bagSpec.elementCoderId) };
    }
    if (spec.oneofKind === "combiningSpec") {
      const { accumulatorCoderId, combineFn } = spec.combiningSpec;
      const fn = registeredCombineFn(combineFn, context.transform.uniqueName);
      return { name, kind: "combining", coder: context.coders.get(accumulatorCoderId), fn };
    }
    throw unsupported(
      context,
      `state "${name}" is of kind ${spec.oneofKind ?? "none"}; there are value, bag and combining`,
    );
  });
}

function timerFamilies(payload: ParDoPayload, context: OperatorContext): TimerFamily[] {
  return Object.entries(payload.timerFamilySpecs).map(([name, spec]) => ({
    name,
    domain: spec.timeDomain === TimeDomain_Enum.PROCESSING_TIME ? "processing" : "event",
    coder: context.coders.get(spec.timerFamilyCoderId) as Coder<TimerData>,
  }));
}

function sideInputs(
  payload: ParDoPayload,
  context: OperatorContext,
  stateUrl: string | undefined,
): SideInputs {
  const specs = Object.entries(payload.sideInputs).map(([name, { accessPattern }]): SideInputSpec => {
    if (accessPattern?.urn !== ITERABLE_SIDE_INPUT_URN) {
      throw unsupported(
        context,
        `side input "${name}" is read as ${accessPattern?.urn ?? "nothing"}; there is iterable`,
      );
    }
    const pcollectionId = required(context.transform.inputs[name], `side input ${name}`);
    const { coderId } = required(
      context.descriptor.pcollections[pcollectionId],
      `PCollection ${pcollectionId}`,
    );
    return { name, coder: context.coders.get(coderId) };
  });
  return new SideInputs(context.id, required(stateUrl, "state endpoint in the descriptor"), specs);
}

function unsupported(context: OperatorContext, message: string): HarnessError {
  return new HarnessError("unsupported", message, { transform: context.transform.uniqueName });
}
