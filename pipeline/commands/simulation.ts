import { runSimulator } from "../../infra/local/simulator/run-simulator.ts";
import { publisherClient } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { topicsOf } from "../stores/pubsub-layout.ts";
import { publishAll } from "../stores/pubsub-publisher.ts";
import { defaultRetryPolicy, type Retry } from "../stores/retry.ts";

const retry: Retry = {
  policy: { ...defaultRetryPolicy, attempts: 100, totalMs: 300_000 },
  random: Math.random,
};

/** Publishes the simulated shop in real time until the signal ends it. A shop has no way to lose its own events. */
export async function startSimulation(
  stores: StoreEndpoints,
  { ratePerSecond, seed }: { readonly ratePerSecond: number; readonly seed: number },
  signal: AbortSignal,
): Promise<void> {
  const client = publisherClient(stores);
  const { source } = topicsOf("shop_event");
  await runSimulator({
    ratePerSecond,
    seed,
    signal,
    now: Date.now,
    async publish(messages) {
      await publishAll(client, stores.project, source, messages, retry).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  });
}
