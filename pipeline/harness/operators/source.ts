import { setImmediate } from "node:timers/promises";
import { RemoteGrpcPort, type StateKey } from "apache-beam/proto/beam_fn_api";
import { Reader } from "../../core/bytes.ts";
import type { Bundle } from "../bundle.ts";
import type { Coder } from "../coders/coder.ts";
import type { Continuation } from "../coders/iterable.ts";
import type { CoderTable } from "../coders/table.ts";
import { required } from "../errors.ts";
import type { WindowedValue } from "../windowed-value.ts";
import type { Operator, OperatorContext } from "./operator.ts";
import type { Output } from "./output.ts";

/** Elements that are decoded, and whose states are asked for, at once. */
const CHUNK = 2000;

/** Where a bundle's elements come in. @see beam:runner:source:v1 */
export class Source implements Operator {
  readonly id: string;
  readonly name: string;
  readonly dataUrl: string;
  readonly #stateUrl: string | undefined;
  readonly #coders: CoderTable;
  readonly #coder: Coder<WindowedValue>;
  readonly #output: Output;
  #sinceYield = 0;

  constructor({ id, transform, descriptor, coders, output }: OperatorContext) {
    const port = RemoteGrpcPort.fromBinary(required(transform.spec, `spec of ${id}`).payload);
    this.id = id;
    this.name = transform.uniqueName;
    this.dataUrl = required(port.apiServiceDescriptor, `data endpoint of ${id}`).url;
    this.#stateUrl = descriptor.stateApiServiceDescriptor?.url;
    this.#coders = coders;
    this.#coder = coders.get(port.coderId) as Coder<WindowedValue>;
    this.#output = output(required(Object.values(transform.outputs)[0], `output of ${id}`));
  }

  process(element: WindowedValue): void {
    this.#output.emit(element);
  }

  /** Takes one block of encoded elements, in order; an element's asynchronous work ends before the next one starts. */
  async receive(block: Uint8Array, bundle: Bundle): Promise<void> {
    const reader = new Reader(block);
    while (!reader.done) {
      const chunk = this.#decode(reader);
      const { continuations } = this.#coders;
      if (continuations.length > 0) await this.#complete(continuations.splice(0), bundle);
      const reads = this.#output.prefetch(chunk);
      if (reads) await reads;
      for (const element of chunk) {
        this.#output.emit(element);
        if (bundle.unsettled) await bundle.settle();
      }
      // A bundle that never waits would keep other bundles, and the streams themselves, from being served.
      this.#sinceYield += chunk.length;
      if (this.#sinceYield >= CHUNK) {
        this.#sinceYield = 0;
        await setImmediate();
      }
    }
  }

  #decode(reader: Reader): WindowedValue[] {
    const chunk: WindowedValue[] = [];
    while (!reader.done && chunk.length < CHUNK) chunk.push(this.#coder.decode(reader, true));
    return chunk;
  }

  /** Reads the rest of grouped values that the runner keeps behind its state channel. */
  async #complete(continuations: readonly Continuation[], bundle: Bundle): Promise<void> {
    const channel = bundle.state(required(this.#stateUrl, "state endpoint in the descriptor"));
    const reads = continuations.map(async ({ token, coder, into }) => {
      const key: StateKey = { type: { oneofKind: "runner", runner: { key: token } } };
      const rest = new Reader(await channel.get(bundle.instruction, key));
      while (!rest.done) into.push(coder.decode(rest, true));
    });
    await Promise.all(reads);
  }
}
