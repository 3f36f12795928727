import type { StateKey } from "apache-beam/proto/beam_fn_api";
import type { StateChannel } from "../channels/state.ts";
import type { Coder } from "../coders/coder.ts";
import type { Window } from "../windowed-value.ts";
import type { Cell } from "./cell.ts";
import { BagCell, ValueCell } from "./cell.ts";

/** A state that a transform declares. */
export interface StateSpec {
  readonly name: string;
  readonly kind: "value" | "bag";
  readonly coder: Coder<unknown>;
}

/** All states of one key and window: loaded, changed, written and cached together. */
export class KeyedState {
  readonly cells: ReadonlyMap<string, Cell>;
  #loading: Promise<void> | undefined;

  /** @param key the key's nested encoding; the runner knows the state by it */
  constructor(transformId: string, specs: readonly StateSpec[], key: Uint8Array, window: Window) {
    const windowBytes = Uint8Array.from(Buffer.from(window.id, "latin1"));
    this.cells = new Map(
      specs.map(({ name, kind, coder }) => {
        const bagUserState = { transformId, userStateId: name, window: windowBytes, key };
        const stateKey: StateKey = { type: { oneofKind: "bagUserState", bagUserState } };
        return [name, kind === "bag" ? new BagCell(stateKey, coder) : new ValueCell(stateKey, coder)];
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
