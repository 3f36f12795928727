import type { DoFn, SetupContext } from "../../harness/dofn.ts";
import { BigtableStore } from "../bigtable-store.ts";
import { COMPLETE_THROUGH } from "../bigquery-tables.ts";
import { completeThroughInsert } from "../bigquery-rows.ts";
import { appendRows } from "../bigquery-writer.ts";
import { bigqueryClient, bigtableClient } from "../clients.ts";
import { StoreRejectedError } from "../errors.ts";
import { type SinkConfig, type SinkEnvironment, sinkRetry } from "./config.ts";

/** A tick of a view's heartbeat: all on-time rows of windows that end no later are readable. */
export interface CompleteThroughTick {
  readonly view: string;
  readonly version: number;
  readonly completeThroughMs: number;
}

/**
 * Heartbeats into Bigtable, then, stamped when they are readable there, into BigQuery. One at a time: there is one a
 * view and tick.
 *
 * Counts `complete_through.written`, `.retries`.
 */
export function completeThroughSink(config: SinkConfig, env: SinkEnvironment): DoFn<CompleteThroughTick> {
  const { endpoints } = config;
  let write: ((tick: CompleteThroughTick, now: () => number) => Promise<void>) | undefined;
  return {
    setup({ metrics }: SetupContext) {
      const retry = sinkRetry(config, env.random, metrics, "complete_through.retries");
      const store = new BigtableStore(bigtableClient(endpoints), endpoints, retry);
      const client = bigqueryClient(endpoints);
      const written = metrics.counter("complete_through.written");
      write = async ({ view, version, completeThroughMs }, now) => {
        const plan = env.plan(view, version);
        const mark = { completeThroughMs, availableAtMs: now() };
        await store.writeCompleteThrough(plan, mark);
        const row = completeThroughInsert(plan, { ...mark, availableAtMs: now() }, endpoints.generation);
        const [refused] = await appendRows(
          client,
          endpoints.bigquery.dataset,
          COMPLETE_THROUGH,
          [row],
          retry,
        );
        if (refused !== undefined) {
          const call = {
            store: "BigQuery",
            operation: "write",
            target: `table ${COMPLETE_THROUGH}`,
          } as const;
          throw new StoreRejectedError(call, refused.detail);
        }
        written.add(1);
      };
    },
    process: (tick, context) => write?.(tick, () => context.now()),
  };
}
