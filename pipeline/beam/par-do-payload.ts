import * as pb from "apache-beam/proto/beam_runner_api";
import { type Coder, globalWindowCoder, timerCoder } from "../harness/coders.ts";
import { DO_FN_URN, doFnPayload } from "../harness/registry.ts";
import { type StateSpec, stateSpecProto } from "./state-spec.ts";

/** What a graph carries of a ParDo beside its inputs and outputs. */
export interface ParDoPayloadSpec {
  /** Name under which the DoFn is registered in the worker. */
  readonly doFn: string;
  /** JSON handed to the DoFn's factory. */
  readonly config?: unknown;
  readonly states?: Readonly<Record<string, StateSpec>>;
  readonly timers?: Readonly<
    Record<string, { readonly domain: "event" | "processing"; readonly key: Coder<unknown> }>
  >;
  /** By name: whole collections, each in the main input's window. */
  readonly sideInputs?: Readonly<Record<string, unknown>>;
  /** Whether the DoFn has callbacks run once the runner has made a bundle durable. @default false */
  readonly finalizes?: boolean;
}

/** The payload of a ParDo in the global window. @param coderId the graph's id of a coder */
export function parDoPayload(
  spec: ParDoPayloadSpec,
  coderId: (coder: Coder<unknown>) => string,
): pb.ParDoPayload {
  const payload = pb.ParDoPayload.create({
    doFn: { urn: DO_FN_URN, payload: doFnPayload(spec.doFn, spec.config) },
    requestsFinalization: spec.finalizes ?? false,
  });
  for (const [name, state] of Object.entries(spec.states ?? {})) {
    payload.stateSpecs[name] = pb.StateSpec.create({
      spec: stateSpecProto(state, coderId(state.coder)),
      protocol: { urn: "beam:user_state:bag:v1", payload: new Uint8Array() },
    });
  }
  for (const [family, timer] of Object.entries(spec.timers ?? {})) {
    payload.timerFamilySpecs[family] = {
      timeDomain:
        timer.domain === "event" ? pb.TimeDomain_Enum.EVENT_TIME : pb.TimeDomain_Enum.PROCESSING_TIME,
      timerFamilyCoderId: coderId(timerCoder(timer.key, globalWindowCoder)),
    };
  }
  for (const name of Object.keys(spec.sideInputs ?? {})) {
    payload.sideInputs[name] = pb.SideInput.create({
      accessPattern: { urn: "beam:side_input:iterable:v1", payload: new Uint8Array() },
      viewFn: { urn: "beam:view_fn:identity:v1", payload: new Uint8Array() },
      windowMappingFn: { urn: "beam:window_mapping_fn:identity:v1", payload: new Uint8Array() },
    });
  }
  return payload;
}
