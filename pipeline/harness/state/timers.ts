import type { Elements_Timers } from "apache-beam/proto/beam_fn_api";
import { Reader, Writer } from "../../core/bytes.ts";
import type { Bundle } from "../bundle.ts";
import type { Coder } from "../coders/coder.ts";
import type { Timer } from "../dofn.ts";
import { HarnessError, required } from "../errors.ts";
import { NO_FIRING } from "../windowed-value.ts";
import type { TimerData, Window } from "../windowed-value.ts";
import type { KeyedState } from "./keyed-state.ts";

/** A timer family that a transform declares. */
export interface TimerFamily {
  readonly name: string;
  readonly domain: "event" | "processing";
  readonly coder: Coder<TimerData>;
}

/** What this bundle did to the timers of one key: by family and tag; the last call wins. */
type Changes = Map<string, { readonly family: TimerFamily; readonly timer: TimerData }>;

/** The timers of one transform in a bundle. */
export class Timers {
  readonly families: ReadonlyMap<string, TimerFamily>;
  readonly #transformId: string;
  readonly #transform: string;
  readonly #dataUrl: string;
  readonly #writer = new Writer(1024);
  #bundle: Bundle | undefined;
  #changes = new Map<KeyedState, Changes>();

  constructor(
    transformId: string,
    transform: string,
    dataUrl: string | undefined,
    families: readonly TimerFamily[],
  ) {
    this.#transformId = transformId;
    this.#transform = transform;
    this.#dataUrl = required(dataUrl, "timer endpoint in the descriptor");
    this.families = new Map(families.map((family) => [family.name, family]));
  }

  startBundle(bundle: Bundle): void {
    this.#bundle = bundle;
    this.#changes = new Map();
  }

  /** @throws HarnessError `protocol` for a family that the transform doesn't declare */
  decode(familyName: string, block: Uint8Array): { family: TimerFamily; fired: TimerData[] } {
    const family = this.families.get(familyName);
    if (!family)
      throw new HarnessError("protocol", `no timer family "${familyName}"`, { transform: this.#transform });
    const reader = new Reader(block);
    const fired: TimerData[] = [];
    while (!reader.done) fired.push(family.coder.decode(reader, true));
    return { family, fired };
  }

  /** The timer of a key and window, for user code. @throws HarnessError `state` */
  timer(state: KeyedState, familyName: string, tag: string, key: unknown, window: Window): Timer {
    const family = this.families.get(familyName);
    if (!family) {
      throw new HarnessError("state", `timer family "${familyName}" is not declared`, {
        transform: this.#transform,
      });
    }
    const put = (clear: boolean, fireMs: number, holdMs: number): void => {
      const timer = { key, tag, windows: [window], clear, fireMs, holdMs, pane: NO_FIRING };
      let changes = this.#changes.get(state);
      if (!changes) {
        changes = new Map();
        this.#changes.set(state, changes);
      }
      changes.set(idOf(family, tag), { family, timer });
    };
    return {
      set: (fireMs, holdMs = fireMs) => {
        this.#check(family, fireMs, holdMs);
        put(false, fireMs, holdMs);
      },
      clear: () => {
        put(true, 0, 0);
      },
    };
  }

  /**
   * Whether a timer that the runner fires is still armed. One that this bundle has set to another instant or
   * cleared is not; one set to the very instant that fires now is done with, or it would fire twice.
   */
  due(state: KeyedState, family: TimerFamily, fired: TimerData): boolean {
    const changes = this.#changes.get(state);
    const change = changes?.get(idOf(family, fired.tag));
    if (!changes || !change) return true;
    if (change.timer.clear || change.timer.fireMs !== fired.fireMs) return false;
    changes.delete(idOf(family, fired.tag));
    return true;
  }

  /** Sends this bundle's changes. Every family gets its `isLast`, also an idle one, or the bundle never ends. */
  commit(): void {
    const bundle = this.#bundle;
    if (!bundle) return;
    const { instruction: instructionId } = bundle;
    const timers: Elements_Timers[] = [];
    for (const family of this.families.values()) {
      const to = { instructionId, transformId: this.#transformId, timerFamilyId: family.name };
      const encoded = this.#encode(family);
      if (encoded.length > 0) timers.push({ ...to, timers: encoded, isLast: false });
      timers.push({ ...to, timers: new Uint8Array(), isLast: true });
    }
    this.#changes = new Map();
    bundle.send(this.#dataUrl, { data: [], timers });
  }

  #encode(family: TimerFamily): Uint8Array {
    for (const changes of this.#changes.values()) {
      for (const change of changes.values()) {
        if (change.family === family) family.coder.encode(change.timer, this.#writer, true);
      }
    }
    return this.#writer.take();
  }

  // Runners accept any hold, and one that makes no sense shows as late data, far away. So it is an error here.
  #check(family: TimerFamily, fireMs: number, holdMs: number): void {
    if (family.domain === "processing" || holdMs <= fireMs) return;
    const what = `timer "${family.name}" fires at ${fireMs} but holds the watermark at ${holdMs}: the hold must not be later`;
    throw new HarnessError("timer_hold", what, { transform: this.#transform });
  }
}

function idOf(family: TimerFamily, tag: string): string {
  return tag === "" ? family.name : `${family.name}\0${tag}`;
}
