import type { Hono } from "hono";
import type { Services } from "../../define/index.ts";
import type { OfflineStore } from "../../stores/archive.ts";
import { bigqueryClient } from "../../stores/clients.ts";
import type { StoreEndpoints } from "../../stores/endpoints.ts";
import { defaultRetryPolicy } from "../../stores/retry.ts";
import type { RequestContext, RequestLimits } from "../app-options.ts";
import type { Heartbeats } from "../heartbeats.ts";
import type { ServerMetrics } from "../metrics.ts";
import { loadAssets } from "./assets.ts";
import { takeAccount } from "./committed.ts";
import { committedSource } from "./committed-source.ts";
import { consoleApp } from "./console-app.ts";
import { inspectorApi, type InspectorOptions } from "./inspector-api.ts";
import { inspectorStores } from "./inspector-stores.ts";
import { LiveFeed } from "./live-feed.ts";
import { viewFacts } from "./view-facts.ts";
import { type JobSource, readLive } from "./live-reader.ts";

/** What makes a feature server show a console. */
export interface ConsoleSetup {
  /** The folder of the built page. */
  readonly page: string;
  /** Counters of a job of this process. @default only what is committed is shown */
  readonly job?: JobSource;
  /** Whether dead letters may be published again from the page. @default false */
  readonly changes?: boolean;
}

/** What the server gives its console. */
export interface ConsoleSurroundings {
  readonly services: Services;
  readonly stores: StoreEndpoints;
  readonly heartbeats: Heartbeats;
  readonly limits: RequestLimits;
  /** Whether callers need a key or token. */
  readonly secured: boolean;
  /** Whether only this machine is listened to. */
  readonly loopback: boolean;
  readonly now: () => number;
  readonly onFailure: (message: string) => void;
}

/** A console that runs. */
export interface RunningConsole {
  readonly app: (metrics: ServerMetrics) => Hono<RequestContext>;
  /** Ends every live connection. */
  stop(): void;
}

/** A person waits: what the store doesn't give within this is told as a failure. */
const retry = { policy: { ...defaultRetryPolicy, totalMs: 20_000 }, random: Math.random };

/** An emulator costs nothing; of the real one each reading of a key looks at a day of its archive, and is billed. */
const REFRESH = { emulatorMs: 3_000, realMs: 60_000 } as const;
/** Of a reading for the inspecting pages: some queries, each of which takes seconds. */
const INSPECT_DEADLINE_MS = 30_000;

/** Reads the page, and starts to follow the deployment. */
export async function startConsole(
  { page, job, changes = false }: ConsoleSetup,
  surroundings: ConsoleSurroundings,
): Promise<RunningConsole> {
  const { services, stores, heartbeats, limits, secured, loopback, now, onFailure } = surroundings;
  const assets = await loadAssets(page);
  const { registry } = services;
  const offline: OfflineStore = {
    client: bigqueryClient(stores),
    dataset: stores.bigquery.dataset,
    generation: stores.generation,
    retry,
  };
  const completeThrough = heartbeats.of.bind(heartbeats);
  const committed = committedSource(() => takeAccount({ registry, offline, completeThrough }), onFailure);
  const sources = {
    plans: registry.plans,
    heartbeats,
    committed,
    now,
    ...(job !== undefined && { job }),
  };
  const facts = viewFacts(offline, registry.plans, now);
  const feed: LiveFeed = new LiveFeed({
    read: (watched) => readLive(sources, watched),
    onFailure,
    always: job !== undefined,
  });
  const inspector: InspectorOptions = {
    ...{ services, limits, secured, now, onFailure },
    stores: inspectorStores(stores, Math.random),
    guard: { loopbackOnly: loopback && !secured, changes },
    refreshMs: stores.bigquery.apiEndpoint === undefined ? REFRESH.realMs : REFRESH.emulatorMs,
    deadlineMs: INSPECT_DEADLINE_MS,
  };
  return {
    app: (metrics) =>
      consoleApp({
        ...{ services, generation: stores.generation, assets, feed, viewFacts: facts, onFailure },
        inspector: inspectorApi(inspector, metrics),
      }),
    stop: () => feed.close(),
  };
}
