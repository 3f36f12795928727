import { Graph } from "../../pipeline/beam/beam.ts";
import { readMessages } from "../../pipeline/beam/sources.ts";
import type { PubsubMessage } from "../../pipeline/core/model.ts";
import { bytesCoder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { registerDoFn } from "../../pipeline/harness/registry.ts";

/** Counts what came through the shuffle. */
export const COUNTED = "bench.counted";

/** What Beam itself costs: read ─▶ map ═▶ count. Each event's payload crosses the engine once. */
export async function statelessGraph(event: string, file: string): Promise<Graph> {
  const graph = new Graph();
  const messages = await readMessages(graph, { kind: "recording", file }, event);
  const payloads = graph.parDo(messages, "map", { doFn: "bench map", output: bytesCoder });
  const shuffled = graph.reshuffle(payloads, "reshuffle");
  graph.parDo(shuffled, "count", { doFn: "bench count", output: bytesCoder });
  return graph;
}

/** Makes the DoFns of this file known to the worker. */
export function registerStateless(): void {
  registerDoFn("bench map", (): DoFn<PubsubMessage, Uint8Array> => ({
    process({ data }, context) {
      context.emit(data);
    },
  }));
  registerDoFn("bench count", (): DoFn<Uint8Array, never> => {
    let count: (n: number) => void;
    return {
      setup({ metrics }) {
        const counter = metrics.counter(COUNTED);
        count = (n) => counter.add(n);
      },
      process: () => count(1),
    };
  });
}
