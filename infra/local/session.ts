import type { Registry } from "../../pipeline/define/index.ts";
import { localStores } from "../../pipeline/options.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { provisionPubsub } from "../../pipeline/stores/pubsub-provision.ts";
import { provisionStores } from "../../pipeline/stores/provision.ts";
import { rematerialize } from "../../pipeline/stores/rematerialize.ts";
import { defaultRetryPolicy, type Retry } from "../../pipeline/stores/retry.ts";
import type { PartName } from "./parts/setup.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";

/** Longer than a row needs from the one store to the other. */
const STRAGGLERS_MS = 10_000;

const retry: Retry = { policy: defaultRetryPolicy, random: Math.random };

/** A local stack with the tables, topics and subscriptions of a registry, whose parts are started again when they die. */
export interface Session {
  readonly stack: Stack;
  readonly stores: StoreEndpoints;
  /** Brings a part back, with what it needs to be of use: after it has died, or was killed. */
  revive(part: PartName): Promise<void>;
}

export interface SessionOptions extends Omit<StackOptions, "onEvent"> {
  readonly registry: Registry;
  /** What happens, for people. */
  readonly onEvent: (event: string) => void;
  /** Called when the engine has died, instead of starting it again: a job has to come back with it. */
  readonly onEngineDied: () => void;
}

/**
 * Starts the local stack and provisions it.
 * @throws StackError, InstallError, StoreConfigError, StoreUnavailableError
 */
export async function startSession({
  registry,
  onEvent,
  onEngineDied,
  ...options
}: SessionOptions): Promise<Session> {
  const reviving: { revive?: Session["revive"] } = {};
  const stack = await startStack({
    ...options,
    onEvent: (event) => {
      if (event.type !== "crashed") return;
      onEvent(`${event.part} died (${event.exit.signal ?? `exit code ${String(event.exit.code)}`})`);
      if (event.part === "engine") onEngineDied();
      else reviving.revive?.(event.part).catch((error: unknown) => onEvent(String(error)));
    },
  });
  if (!stack.hasBigQuerySubscriptions) {
    onEvent(
      "this Pub/Sub emulator has no BigQuery subscriptions: the raw archive stays empty (--own-pubsub has them)",
    );
  }
  const stores = localStores(stack.endpoints);
  const events = registry.events.map(({ name }) => name);
  const provision = async () => {
    await provisionStores(stores, registry.plans, retry);
    await provisionPubsub(stores, events, { archive: stack.hasBigQuerySubscriptions }, retry);
  };

  const session: Session = {
    stack,
    stores,
    async revive(part) {
      await stack.restart(part);
      if (part === "bigtable") {
        await provision();
        const rows = await restoreOnline(registry, stores);
        // What Bigtable acknowledged just before it died may reach BigQuery only now: once more for those rows.
        setTimeout(() => {
          restoreOnline(registry, stores).catch((error: unknown) => onEvent(String(error)));
        }, STRAGGLERS_MS).unref();
        onEvent(`bigtable runs again; ${rows} rows restored from BigQuery, since its emulator keeps none`);
      } else {
        onEvent(`${part} runs again`);
      }
    },
  };
  reviving.revive = (part) => session.revive(part);
  try {
    await provision();
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return session;
}

async function restoreOnline(registry: Registry, stores: StoreEndpoints): Promise<number> {
  const store = new BigtableStore(bigtableClient(stores), stores, retry);
  const counts = await Promise.all(
    registry.plans.map((plan) =>
      rematerialize(bigqueryClient(stores), store, plan, stores, Date.now(), retry),
    ),
  );
  return counts.reduce((sum, n) => sum + n, 0);
}
