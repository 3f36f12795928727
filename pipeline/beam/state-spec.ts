import type { StateSpec as StateSpecProto } from "apache-beam/proto/beam_runner_api";
import type { Coder } from "../harness/coders.ts";
import { COMBINE_FN_URN, combineFnPayload } from "../harness/registry.ts";

/** A state of a key and window. */
export type StateSpec =
  | { readonly kind: "value" | "bag"; readonly coder: Coder<unknown> }
  | {
      readonly kind: "combining";
      /** Of the accumulators. */
      readonly coder: Coder<unknown>;
      /** Name under which the CombineFn is registered in the worker. */
      readonly combineFn: string;
      /** JSON handed to the CombineFn's factory. */
      readonly config?: unknown;
    };

/** A state as a graph carries it. @param coderId of `state.coder` */
export function stateSpecProto(state: StateSpec, coderId: string): StateSpecProto["spec"] {
  switch (state.kind) {
    case "value":
      return { oneofKind: "readModifyWriteSpec", readModifyWriteSpec: { coderId } };
    case "bag":
      return { oneofKind: "bagSpec", bagSpec: { elementCoderId: coderId } };
    case "combining": {
      const combineFn = { urn: COMBINE_FN_URN, payload: combineFnPayload(state.combineFn, state.config) };
      return { oneofKind: "combiningSpec", combiningSpec: { accumulatorCoderId: coderId, combineFn } };
    }
  }
}
