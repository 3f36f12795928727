import type * as pulumi from "@pulumi/pulumi";
import type { Registry } from "../pipeline/define/index.ts";
import { bigqueryLayout, featureTableId } from "../pipeline/stores/bigquery-layout.ts";
import { rawTableId } from "../pipeline/stores/bigquery-tables.ts";
import { DEAD_LETTER_REDRIVES } from "../pipeline/stores/redrive-rows.ts";
import { SERVED_VECTORS } from "../pipeline/stores/served-rows.ts";
import { Events } from "./components/events.ts";
import { OfflineStore } from "./components/offline-store.ts";
import { OnlineStore } from "./components/online-store.ts";
import type { StackConfig } from "./config.ts";
import type { Foundation } from "./foundation.ts";
import { keptTables } from "./kept-tables.ts";
import type { Names } from "./names.ts";

/**
 * Both stores, and the topics of events: all that follows from the definitions.
 * @throws TooManyFamiliesError, StoreConfigError
 */
export function stores(
  registry: Registry,
  config: StackConfig,
  names: Names,
  { placement, pubsub, ready }: Foundation,
): pulumi.Resource[] {
  const { project, generation, minNodes, maxNodes, cpuTarget } = config;
  const { server } = placement;
  const { instance, appProfile, dataset } = names;
  const online = new OnlineStore(
    "online",
    {
      ...placement,
      instance,
      appProfile,
      zones: config.zones,
      autoscaling: { minNodes, maxNodes, cpuTarget },
      backupsMs: config.backups,
      tables: keptTables(registry.plans, { oldest: config.oldestGeneration, newest: generation }),
    },
    { dependsOn: [...ready] },
  );
  const offline = new OfflineStore(
    "offline",
    {
      ...placement,
      pubsub,
      dataset,
      location: config.location,
      layout: bigqueryLayout(registry.plans, { project, dataset }, generation),
      archives: new Set(registry.events.map(({ name }) => rawTableId(name))),
      versioned: new Set(registry.plans.map(featureTableId)),
      served: SERVED_VECTORS,
      byHand: new Set([DEAD_LETTER_REDRIVES]),
      logger: config.serverLogVectors > 0 ? server : undefined,
      reader: config.serverConsole ? server : undefined,
      retentionMs: config.offlineRetention,
      archiveRetentionMs: config.archiveRetention,
    },
    { dependsOn: [...ready] },
  );
  const events = new Events(
    "events",
    { ...placement, pubsub, events: registry.events, retentionMs: config.topicRetention, dataset },
    { dependsOn: [...ready, offline] },
  );
  return [online, offline, events];
}
