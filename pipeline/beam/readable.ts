import { Writer } from "../core/bytes.ts";
import type { StoredRow } from "../core/model.ts";
import { readStoredRows, writeStoredRow } from "../core/row-batch.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { Registry } from "../define/index.ts";
import { bytesCoder } from "../harness/coders.ts";
import type { BundleContext, DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import { GLOBAL_WINDOWS } from "../harness/windowed-value.ts";
import type { Collection, Graph } from "./beam.ts";
import { storedRowCoder } from "./element-coders.ts";
import { planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";

/**
 * The same rows in a stage of its own, which has them only once their writing is committed. They cross the reshuffle many
 * at once: what an element costs the runner would else be most of what a row does.
 */
export function reshuffleRows(
  graph: Graph,
  rows: Collection<StoredRow>,
  plan: ViewPlan,
): Collection<StoredRow> {
  const name = `${stageOf(plan)}/readable`;
  const packed = graph.parDo<StoredRow, Uint8Array>(rows, `${name}/pack`, {
    doFn: "pack rows",
    output: bytesCoder,
  });
  return graph.parDo<Uint8Array, StoredRow>(graph.reshuffle(packed, name), `${name}/unpack`, {
    doFn: "unpack rows",
    config: refTo(plan),
    output: storedRowCoder,
  });
}

/** Bytes from which on a batch leaves before its bundle ends. */
const BATCH_BYTES = 1 << 16;

/** Makes the DoFns of this file known to the worker. */
export function registerReadable(registry: Registry): void {
  registerDoFn("pack rows", (): DoFn<StoredRow, Uint8Array> => {
    const batch = new Writer(BATCH_BYTES + 1024);
    let earliestMs = Infinity;
    const leave = (context: BundleContext<Uint8Array>) => {
      if (batch.pos === 0) return;
      // At its earliest row: the watermark waits for that one too.
      context.emit(batch.take(), { timestamp: earliestMs, windows: GLOBAL_WINDOWS });
      earliestMs = Infinity;
    };
    return {
      startBundle() {
        batch.pos = 0; // a bundle that failed left its rows here
        earliestMs = Infinity;
      },
      process(row, context) {
        writeStoredRow(row, batch);
        earliestMs = Math.min(earliestMs, context.timestamp);
        if (batch.pos >= BATCH_BYTES) leave(context);
      },
      finishBundle: leave,
    };
  });

  registerDoFn("unpack rows", (ref: ViewRef): DoFn<Uint8Array, StoredRow> => {
    const plan = planOf(registry, ref);
    return {
      process(batch, context) {
        for (const row of readStoredRows(plan, batch)) context.emit(row);
      },
    };
  });
}
