import type { Elements_Data } from "apache-beam/proto/beam_fn_api";
import { RemoteGrpcPort } from "apache-beam/proto/beam_fn_api";
import { Writer } from "../../core/bytes.ts";
import type { Bundle } from "../bundle.ts";
import type { Coder } from "../coders/coder.ts";
import { required } from "../errors.ts";
import type { WindowedValue } from "../windowed-value.ts";
import type { Operator, OperatorContext } from "./operator.ts";

/** Encoded elements that are sent in one message. */
const FLUSH_BYTES = 1024 * 1024;

/** Where a bundle's elements go out. @see beam:runner:sink:v1 */
export class Sink implements Operator {
  readonly id: string;
  readonly name: string;
  readonly #dataUrl: string;
  readonly #coder: Coder<WindowedValue>;
  readonly #writer = new Writer(64 * 1024);
  #bundle: Bundle | undefined;

  constructor({ id, transform, coders }: OperatorContext) {
    const port = RemoteGrpcPort.fromBinary(required(transform.spec, `spec of ${id}`).payload);
    this.id = id;
    this.name = transform.uniqueName;
    this.#dataUrl = required(port.apiServiceDescriptor, `data endpoint of ${id}`).url;
    this.#coder = coders.get(port.coderId) as Coder<WindowedValue>;
  }

  startBundle(bundle: Bundle): void {
    this.#bundle = bundle;
    this.#writer.pos = 0;
  }

  process(element: WindowedValue): void {
    this.#coder.encode(element, this.#writer, true);
    if (this.#writer.pos > FLUSH_BYTES) this.#flush(false);
  }

  finishBundle(): void {
    this.#flush(true);
  }

  #flush(isLast: boolean): void {
    const bundle = this.#bundle;
    if (!bundle) return;
    const to = { instructionId: bundle.instruction, transformId: this.id };
    const data: Elements_Data[] = [];
    if (this.#writer.pos > 0) data.push({ ...to, data: this.#writer.take(), isLast: false });
    if (isLast) data.push({ ...to, data: new Uint8Array(), isLast: true });
    bundle.send(this.#dataUrl, { data, timers: [] });
  }
}
