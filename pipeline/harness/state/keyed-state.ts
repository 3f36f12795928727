import type { StateKey } from "apache-beam/proto/beam_fn_api";
import type { StateChannel } from "../channels/state.ts";
import type { Coder } from "../coders/coder.ts";
import type { Window } from "../windowed-value.ts";
import type { CombineFn } from "../dofn.ts";
import type { Cell } from "./cell.ts";
import { BagCell, ValueCell } from "./cell.ts";
import { CombiningCell } from "./combining-cell.ts";

/** A state that a transform declares. A combining one's coder is of its accumulators. */
export type StateSpec = { readonly name: string; readonly coder: Coder<unknown> } & (
  { readonly kind: "value" | "bag" } | { readonly kind: "combining"; readonly fn: CombineFn }
);

/** All states of one key and window: loaded, changed, written and cached together. */
export class KeyedState {
  readonly cells: ReadonlyMap<string, Cell>;
  #loading: Promise<void> | undefined;

  /** @param key the key's nested encoding; the runner knows the state by it */
  constructor(transformId: string, specs: readonly StateSpec[], key: Uint8Array, window: Window) {
    const windowBytes = Uint8Array.from(Buffer.from(window.id, "latin1"));
    this.cells = new Map(
      specs.map((spec) => {
        const bagUserState = { transformId, userStateId: spec.name, window: windowBytes, key };
        return [spec.name, cellOf(spec, { type: { oneofKind: "bagUserState", bagUserState } })];
      }),
    );
  }

  get loaded(): boolean {
    for (const cell of this.cells.values()) if (!cell.loaded) return false;
    return true;
  }

  get approximateBytes(): number {
    let bytes = 200;
    for (const cell of this.cells.values()) bytes += cell.approximateBytes;
    return bytes;
  }

  /** Reads what has not been read yet; asked twice, it reads once. */
  load(channel: StateChannel, instruction: string): Promise<void> {
    this.#loading ??= this.#load(channel, instruction).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(channel: StateChannel, instruction: string): Promise<void> {
    const cold = [...this.cells.values()].filter((cell) => !cell.loaded);
    await Promise.all(cold.map((cell) => cell.load(channel, instruction)));
  }

  flush(channel: StateChannel, instruction: string, sent: Promise<void>[]): void {
    for (const cell of this.cells.values()) cell.flush(channel, instruction, sent);
  }
}

function cellOf(spec: StateSpec, stateKey: StateKey): Cell {
  switch (spec.kind) {
    case "value":
      return new ValueCell(stateKey, spec.coder);
    case "bag":
      return new BagCell(stateKey, spec.coder);
    case "combining":
      return new CombiningCell(stateKey, spec.coder, spec.fn);
  }
}
