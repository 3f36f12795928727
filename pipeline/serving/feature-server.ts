import type { Services } from "../define/index.ts";
import { provisionTable } from "../stores/bigquery-provision.ts";
import { appendRows } from "../stores/bigquery-writer.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient } from "../stores/clients.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { defaultRetryPolicy } from "../stores/retry.ts";
import { SERVED_VECTORS, servedVectors } from "../stores/served-rows.ts";
import type { AdmissionLimits } from "./admission.ts";
import { serverApp } from "./app.ts";
import type { RequestLimits } from "./app-options.ts";
import { anyOf, apiKeys, type Authenticate } from "./auth.ts";
import { bigtableOnline } from "./bigtable-online.ts";
import { type ConsoleSetup, startConsole } from "./console/start-console.ts";
import { Heartbeats } from "./heartbeats.ts";
import { isLoopback } from "./console/guard.ts";
import type { HedgeOptions } from "./hedge.ts";
import { type IdTokenOptions, idTokens } from "./id-tokens.ts";
import { jsonLog } from "./log.ts";
import type { OnlineStore } from "./online-store.ts";
import type { OtlpOptions } from "./otlp.ts";
import { listen } from "./server.ts";
import { staleViews } from "./stale-views.ts";
import { tracedStore } from "./traced-store.ts";
import { VectorLog, type VectorLogOptions } from "./vector-log.ts";

/** A feature server of a deployment. */
export interface FeatureServerOptions {
  readonly services: Services;
  readonly stores: StoreEndpoints;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly limits: RequestLimits;
  readonly admission: AdmissionLimits;
  /** Lines of `apiKeys`. @default everybody may ask, unless there are `idTokens` */
  readonly apiKeys?: string;
  /** Google ID tokens that are taken. */
  readonly idTokens?: Omit<IdTokenOptions, "waitMs">;
  /** When a late read is made a second time. @default never */
  readonly hedgeAfter?: HedgeOptions["after"];
  /** Where spans go. @default nowhere; the SDK isn't even loaded */
  readonly tracing?: Omit<OtlpOptions, "onFailure">;
  readonly ratePerSecond?: number;
  /** The part of the requests whose vectors go to BigQuery, 0 to 1. */
  readonly logFraction: number;
  readonly accessLog: boolean;
  /** The console. @default there is none */
  readonly console?: ConsoleSetup;
  /** Takes a line of the log. */
  readonly write: (line: string) => void;
}

/** A feature server that listens. */
export interface FeatureServer {
  readonly url: string;
  /** Lets requests under way end, for so long, and writes what is to be logged. */
  stop(graceMs: number): Promise<void>;
}

/** Heartbeats tick every 10 s at most: a reading a second makes `as_of` a second older than it could be. */
const HEARTBEATS = { everyMs: 1_000, budgetMs: 2_000 } as const;

/** How often the log tells of views that are stale. */
const STALE_EVERY_MS = 60_000;

/** An outage of BigQuery that is longer costs rows of the log: a queue without an end would cost the server. */
const logRetry = { policy: { ...defaultRetryPolicy, totalMs: 10_000 }, random: Math.random };

/**
 * Starts a server on the stores of a deployment. It listens even where the store doesn't answer yet, and says so at
 * `/readyz`.
 * @throws ListenError, ApiKeysError, StoreConfigError
 */
export async function startFeatureServer(options: FeatureServerOptions): Promise<FeatureServer> {
  const { services, stores, limits, admission, ratePerSecond, logFraction, write } = options;
  const log = jsonLog(write, options.accessLog, Date.now);
  const store = onlineStore(stores);
  const heartbeats = new Heartbeats(store, services.registry.plans, {
    ...HEARTBEATS,
    onFailure: (message) => log.warning(message),
  });
  const onFailure = (message: string) => log.warning(message);
  const shown =
    options.console &&
    (await startConsole(options.console, {
      ...{ services, stores, heartbeats, limits, now: Date.now, onFailure },
      secured: options.apiKeys !== undefined || options.idTokens !== undefined,
      loopback: isLoopback(options.host),
    }));
  let draining = false;
  const stopTracing = await startTracing(options, (message) => log.warning(message));
  if (logFraction > 0) await provisionServed(stores);
  let vectors: VectorLog | undefined;
  const app = serverApp({
    services,
    store,
    heartbeats,
    now: Date.now,
    limits,
    admission,
    log,
    ...whoMayAsk(options),
    ...(options.hedgeAfter !== undefined && {
      hedge: { after: options.hedgeAfter, second: onlineStore(stores, "hedge") },
    }),
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(logFraction > 0 && {
      vectorLog: (onOutcome) =>
        (vectors = bigqueryLog(options, onOutcome, (message) => log.warning(message))),
    }),
    processMetrics: true,
    ...(shown !== undefined && { console: shown.app }),
    draining: () => draining,
  });
  await heartbeats.refresh();
  heartbeats.start();
  const markOf: Heartbeats["of"] = (plan) => heartbeats.of(plan);
  const watching = setInterval(() => {
    for (const line of staleViews(services.registry.plans, markOf, Date.now())) log.warning(line);
  }, STALE_EVERY_MS).unref();
  const server = await listen((request) => app.fetch(request), options.host, options.port);
  return {
    url: server.url,
    async stop(graceMs) {
      draining = true;
      shown?.stop();
      await server.stop(graceMs);
      heartbeats.stop();
      clearInterval(watching);
      await vectors?.drain();
      await stopTracing?.();
    },
  };
}

/** @param [connection] another name is another connection */
function onlineStore(stores: StoreEndpoints, connection?: string): OnlineStore {
  const retry = { policy: defaultRetryPolicy, random: Math.random };
  const store = new BigtableStore(bigtableClient(stores, connection), stores, retry);
  return tracedStore(bigtableOnline(store, Math.random));
}

async function startTracing(
  { tracing }: FeatureServerOptions,
  onFailure: (message: string) => void,
): Promise<(() => Promise<void>) | undefined> {
  if (tracing === undefined) return undefined;
  const { startOtlp } = await import("./otlp.ts");
  return startOtlp({ ...tracing, onFailure });
}

function whoMayAsk({ apiKeys: lines, idTokens: tokens, limits }: FeatureServerOptions): {
  readonly authenticate?: Authenticate;
} {
  const ways = [
    ...(lines === undefined ? [] : [apiKeys(lines)]),
    ...(tokens === undefined ? [] : [idTokens({ ...tokens, waitMs: limits.deadlineMs })]),
  ];
  return ways.length === 0 ? {} : { authenticate: anyOf(ways) };
}

/** Where nobody has made the table of served vectors, it comes with the first server that writes into it. */
async function provisionServed(stores: StoreEndpoints): Promise<void> {
  await provisionTable(bigqueryClient(stores), stores.bigquery.dataset, servedVectors, logRetry);
}

function bigqueryLog(
  { stores, logFraction }: FeatureServerOptions,
  onOutcome: VectorLogOptions["onOutcome"],
  onFailure: (message: string) => void,
): VectorLog {
  const client = bigqueryClient(stores);
  return new VectorLog({
    append: async (rows) => {
      const refused = await appendRows(client, stores.bigquery.dataset, SERVED_VECTORS, rows, logRetry);
      return refused.length;
    },
    generation: stores.generation,
    fraction: logFraction,
    random: Math.random,
    onOutcome,
    onFailure,
  });
}
