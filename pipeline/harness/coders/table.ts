import { HarnessError } from "../errors.ts";
import type { Window } from "../windowed-value.ts";
import type { Coder, CoderProto } from "./coder.ts";
import { kvCoder, lengthPrefixCoder, nullableCoder, shardedKeyCoder } from "./composite.ts";
import type { Continuation } from "./iterable.ts";
import {
  ITERABLE_URN,
  iterableCoder,
  STATE_BACKED_ITERABLE_URN,
  stateBackedIterableCoder,
} from "./iterable.ts";
import { boolCoder, bytesCoder, doubleCoder, jsonCoder, utf8Coder, varintCoder } from "./primitive.ts";
import {
  customWindowCoder,
  globalWindowCoder,
  intervalWindowCoder,
  paramWindowedValueCoder,
  timerCoder,
  windowedValueCoder,
} from "./windowed.ts";

const leaves = new Map<string, Coder<unknown>>();
for (const leaf of [bytesCoder, utf8Coder, varintCoder, doubleCoder, boolCoder, jsonCoder])
  registerCoder(leaf);
for (const leaf of [globalWindowCoder, intervalWindowCoder]) registerCoder(leaf);

/**
 * Makes a coder without components known to this process's workers, by its URN.
 * @throws HarnessError `already_registered` for a second coder of one URN.
 */
export function registerCoder(leaf: Coder<unknown>): void {
  if ((leaves.get(leaf.urn) ?? leaf) !== leaf) {
    throw new HarnessError("already_registered", `another coder is registered as ${leaf.urn}`);
  }
  leaves.set(leaf.urn, leaf);
}

/** The coders of one bundle descriptor, by id. */
export class CoderTable {
  /** Iterables decoded so far whose rest lies behind the state channel. Whoever decodes completes and empties it. */
  readonly continuations: Continuation[] = [];
  readonly #protos: Readonly<Record<string, CoderProto>>;
  readonly #made = new Map<string, Coder<unknown>>();

  constructor(protos: Readonly<Record<string, CoderProto>>) {
    this.#protos = protos;
  }

  /** @throws HarnessError `not_registered` for a URN nobody registered, `protocol` for an id that isn't there. */
  get(id: string): Coder<unknown> {
    let made = this.#made.get(id);
    if (!made) {
      made = this.#make(id);
      this.#made.set(id, made);
    }
    return made;
  }

  #make(id: string): Coder<unknown> {
    const proto = this.#protos[id];
    if (!proto?.spec) throw new HarnessError("protocol", `the descriptor has no coder ${id}`);
    const { urn, payload } = proto.spec;
    const component = (i: number): Coder<unknown> => {
      const componentId = proto.componentCoderIds[i];
      if (componentId === undefined)
        throw new HarnessError("protocol", `coder ${id} (${urn}) lacks component ${i}`);
      return this.get(componentId);
    };
    const windowComponent = () => component(1) as Coder<Window>;
    switch (urn) {
      case "beam:coder:kv:v1":
        return kvCoder(component(0), component(1));
      case ITERABLE_URN:
        return iterableCoder(component(0));
      case STATE_BACKED_ITERABLE_URN:
        return stateBackedIterableCoder(component(0), this.continuations);
      case "beam:coder:nullable:v1":
        return nullableCoder(component(0));
      case "beam:coder:sharded_key:v1":
        return shardedKeyCoder(component(0));
      case "beam:coder:custom_window:v1":
        return customWindowCoder(component(0) as Coder<Window>);
      case "beam:coder:length_prefix:v1":
        return lengthPrefixCoder(component(0));
      case "beam:coder:windowed_value:v1":
        return windowedValueCoder(component(0), windowComponent());
      case "beam:coder:param_windowed_value:v1":
        return paramWindowedValueCoder(component(0), windowComponent(), payload);
      case "beam:coder:timer:v1":
        return timerCoder(component(0), windowComponent());
      default: {
        const leaf = leaves.get(urn);
        if (!leaf) throw new HarnessError("not_registered", `no coder is registered for ${urn}`);
        return leaf;
      }
    }
  }
}
