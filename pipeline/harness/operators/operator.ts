import type { PTransform } from "apache-beam/proto/beam_runner_api";
import type { ProcessBundleDescriptor } from "apache-beam/proto/beam_fn_api";
import type { Bundle } from "../bundle.ts";
import type { CoderTable } from "../coders/table.ts";
import type { TransformMetrics } from "../metrics.ts";
import type { WindowedValue } from "../windowed-value.ts";
import type { Output } from "./output.ts";

/**
 * A transform of a running bundle. `process` is synchronous: what must be awaited is deferred to the bundle,
 * which waits for it before the source's next element. The hooks come in this order; those of a bundle's end run
 * over all operators, upstream first, before the next hook does.
 */
export interface Operator {
  /** The transform's id in the descriptor. */
  readonly id: string;
  /** The transform's unique name in the graph. */
  readonly name: string;
  readonly metrics?: TransformMetrics;
  setup?(): void | Promise<void>;
  startBundle?(bundle: Bundle): void | Promise<void>;
  /** Makes ready what elements that follow will need; the source calls it with many at once. */
  prefetch?(elements: readonly WindowedValue[]): Promise<unknown> | undefined;
  process(element: WindowedValue): void;
  /** The source is exhausted: outputs what is left. */
  finishBundle?(): void | Promise<void>;
  /** Every operator has finished and all output is acknowledged: writes state and timers. */
  commit?(): void | Promise<void>;
  /** The bundle has succeeded, `release`, or failed, `abort`. */
  release?(): void;
  abort?(): void;
  teardown?(): void | Promise<void>;
}

/** What an operator is made from. */
export interface OperatorContext {
  readonly id: string;
  readonly transform: PTransform;
  readonly descriptor: ProcessBundleDescriptor;
  readonly coders: CoderTable;
  /** Where elements of a PCollection go. */
  readonly output: (pcollectionId: string) => Output;
}
