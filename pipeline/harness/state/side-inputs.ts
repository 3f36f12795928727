import type { StateKey } from "apache-beam/proto/beam_fn_api";
import { Reader } from "../../core/bytes.ts";
import type { Bundle } from "../bundle.ts";
import type { Coder } from "../coders/coder.ts";
import type { Window } from "../windowed-value.ts";

/** An iterable side input that a transform declares. */
export interface SideInputSpec {
  readonly name: string;
  /** Of its elements. */
  readonly coder: Coder<unknown>;
}

type ByWindow = Map<string, readonly unknown[]>;
/** Windows of one side input that are kept; beyond, all are read anew. */
const WINDOWS_KEPT = 100;

/** A worker's side inputs from one bundle to the next: for each, what was read under its newest token. */
export class SideInputCache {
  readonly #kept = new Map<string, { readonly token: string; readonly byWindow: ByWindow }>();

  /** What is known of a side input under a token; without a token, nothing is. */
  open(id: string, token: string | undefined): ByWindow {
    if (token === undefined) return new Map();
    let kept = this.#kept.get(id);
    if (kept?.token !== token || kept.byWindow.size > WINDOWS_KEPT) {
      kept = { token, byWindow: new Map() };
      this.#kept.set(id, kept);
    }
    return kept.byWindow;
  }
}

/** The iterable side inputs of one transform in a bundle. A side input's window is the main input's. */
export class SideInputs {
  readonly #transformId: string;
  readonly #stateUrl: string;
  readonly #specs: ReadonlyMap<string, SideInputSpec>;
  #read = new Map<string, ByWindow>();
  #bundle: Bundle | undefined;

  constructor(transformId: string, stateUrl: string, specs: readonly SideInputSpec[]) {
    this.#transformId = transformId;
    this.#stateUrl = stateUrl;
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  startBundle(bundle: Bundle): void {
    this.#bundle = bundle;
    this.#read = new Map();
    for (const name of this.#specs.keys()) {
      const id = `${this.#transformId}\0${name}`;
      this.#read.set(name, bundle.services.sideInputCache.open(id, bundle.tokens.sideInputs.get(id)));
    }
  }

  /** Whether everything has been read for a window. */
  ready(window: Window): boolean {
    for (const byWindow of this.#read.values()) if (!byWindow.has(window.id)) return false;
    return true;
  }

  /** Reads what is missing for a window. */
  async load(window: Window): Promise<void> {
    const reads = [...this.#specs.values()].map(async ({ name, coder }) => {
      const byWindow = this.#read.get(name);
      if (!byWindow || byWindow.has(window.id)) return;
      byWindow.set(window.id, await this.#fetch(name, coder, window));
    });
    await Promise.all(reads);
  }

  /** The content in a window that has been loaded; `undefined` for a name that is not declared. */
  get(name: string, window: Window): readonly unknown[] | undefined {
    return this.#read.get(name)?.get(window.id);
  }

  async #fetch(name: string, coder: Coder<unknown>, window: Window): Promise<readonly unknown[]> {
    const bundle = this.#bundle;
    if (!bundle) throw new Error("a side input was read outside a bundle");
    const iterableSideInput = {
      transformId: this.#transformId,
      sideInputId: name,
      window: Buffer.from(window.id, "latin1"),
    };
    const key: StateKey = { type: { oneofKind: "iterableSideInput", iterableSideInput } };
    const reader = new Reader(await bundle.state(this.#stateUrl).get(bundle.instruction, key));
    const values: unknown[] = [];
    while (!reader.done) values.push(coder.decode(reader, true));
    return values;
  }
}
