import type { Elements, ProcessBundleResponse } from "apache-beam/proto/beam_fn_api";

/** A bundle as the runner sees it. */
export class FakeBundle {
  readonly instruction: string;
  /** The worker's answer, when all outputs have come too, as a runner waits for both; rejects with the error's text. */
  readonly done: Promise<ProcessBundleResponse>;
  /** Blocks that came out, in order, by transform. */
  readonly out = new Map<string, Uint8Array[]>();
  /** Timers that came out, in order, by `transform/family`. */
  readonly timers = new Map<string, Uint8Array[]>();
  /** Transforms and `transform/family` whose `isLast` came. */
  readonly ended = new Set<string>();
  readonly #send: (elements: Elements) => void;
  readonly #expected: ReadonlySet<string>;
  readonly #outputs = Promise.withResolvers<undefined>();

  /** @param expected what must end: sinks, and `transform/family` of timers */
  constructor(
    instruction: string,
    expected: ReadonlySet<string>,
    answer: Promise<ProcessBundleResponse>,
    send: (elements: Elements) => void,
  ) {
    this.instruction = instruction;
    this.#expected = expected;
    this.#send = send;
    this.done = answer.then(async (response) => {
      await this.#outputs.promise;
      return response;
    });
    this.done.catch(() => undefined); // whoever awaits it sees the failure
    this.#checkEnd();
  }

  /** Sends encoded elements to a source. */
  send(transformId: string, data: Uint8Array, isLast = false): void {
    this.#send({ data: [{ instructionId: this.instruction, transformId, data, isLast }], timers: [] });
  }

  /** Fires encoded timers. */
  fire(transformId: string, timerFamilyId: string, timers: Uint8Array, isLast = false): void {
    const fired = { instructionId: this.instruction, transformId, timerFamilyId, timers, isLast };
    this.#send({ data: [], timers: [fired] });
  }

  /** Sends encoded elements and timers in one message, in which their order is lost. */
  sendAndFire(
    source: string,
    data: Uint8Array,
    timed: string,
    timerFamilyId: string,
    timers: Uint8Array,
  ): void {
    const { instruction: instructionId } = this;
    this.#send({
      data: [{ instructionId, transformId: source, data, isLast: false }],
      timers: [{ instructionId, transformId: timed, timerFamilyId, timers, isLast: false }],
    });
  }

  /** @internal */
  receive({ data, timers }: Elements): void {
    for (const d of data) {
      if (d.data.length > 0) push(this.out, d.transformId, d.data);
      if (d.isLast) this.ended.add(d.transformId);
    }
    for (const t of timers) {
      const id = `${t.transformId}/${t.timerFamilyId}`;
      if (t.timers.length > 0) push(this.timers, id, t.timers);
      if (t.isLast) this.ended.add(id);
    }
    this.#checkEnd();
  }

  #checkEnd(): void {
    if ([...this.#expected].every((id) => this.ended.has(id))) this.#outputs.resolve(undefined);
  }
}

function push<T>(lists: Map<string, T[]>, id: string, item: T): void {
  const list = lists.get(id);
  if (list) list.push(item);
  else lists.set(id, [item]);
}
