import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { featureJson } from "../core/feature-json.ts";
import type { FeatureRow, StoredRow } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { planOf, refTo, stageOf, type ViewRef } from "./view-ref.ts";
import { featureRowCoder } from "./element-coders.ts";

/** The file that rows of a view are appended to; a replay sorts them into its answer. */
export function partFile(dir: string, plan: ViewPlan): string {
  return join(dir, `${stageOf(plan)}.part.ndjson`);
}

/** Rows of a replay, to a file. A bundle that runs twice writes twice: the reader drops what it has. */
export function writeToFiles(graph: Graph, rows: Collection<FeatureRow>, plan: ViewPlan, dir: string): void {
  graph.parDo(rows, `${stageOf(plan)}/file`, {
    doFn: "write file",
    config: { ...refTo(plan), dir },
    output: featureRowCoder,
  });
}

/**
 * When a replayed row counts as readable: a function of the data, never of the moment. With today's date no label of
 * the past would find it. An early or late row is as old as its newest publish; an on-time row leaves at its end.
 */
export function replayedAvailableAt(plan: ViewPlan, row: FeatureRow): number {
  const leftMs =
    row.timing === "ON_TIME" ? Math.max(row.windowEndMs, row.maxPublishTimeMs) : row.maxPublishTimeMs;
  return leftMs + plan.latencyMs;
}

/** Makes the DoFn of this file known to the worker. */
export function registerFileSink(registry: Registry): void {
  registerDoFn(
    "write file",
    ({ dir, ...ref }: ViewRef & { readonly dir: string }): DoFn<FeatureRow, FeatureRow> => {
      const plan = planOf(registry, ref);
      let lines: string[] = [];
      return {
        startBundle() {
          lines = [];
        },
        process(row) {
          const stored: StoredRow = {
            ...row,
            availableAtMs: replayedAvailableAt(plan, row),
            generation: 0,
            origin: "backfill",
          };
          lines.push(`${JSON.stringify(featureJson(plan, stored))}\n`);
        },
        async finishBundle() {
          if (lines.length > 0) await appendFile(partFile(dir, plan), lines.join(""));
        },
      };
    },
  );
}
