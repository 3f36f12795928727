import type { WindowedValue } from "../windowed-value.ts";
import type { Operator } from "./operator.ts";

/** A PCollection inside a bundle: hands each element to all that read it, and counts them. */
export class Output {
  readonly pcollectionId: string;
  /** Elements in this bundle. */
  count = 0;
  readonly #consumers: readonly Operator[];
  readonly #only: Operator | undefined;

  constructor(pcollectionId: string, consumers: readonly Operator[]) {
    this.pcollectionId = pcollectionId;
    this.#consumers = consumers;
    this.#only = consumers.length === 1 ? consumers[0] : undefined;
  }

  emit(element: WindowedValue): void {
    this.count++;
    if (this.#only) this.#only.process(element);
    else for (const consumer of this.#consumers) consumer.process(element);
  }

  prefetch(elements: readonly WindowedValue[]): Promise<unknown> | undefined {
    if (this.#only) return this.#only.prefetch?.(elements);
    const reads = this.#consumers
      .map((consumer) => consumer.prefetch?.(elements))
      .filter((read) => read !== undefined);
    return reads.length > 0 ? Promise.all(reads) : undefined;
  }
}
