/** What tests of the running main job share: a session with a job, published events, and the truth about them. */
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { expect, vi } from "vitest";
import { LocalJob } from "../../infra/local/job/local-job.ts";
import { localDir } from "../../infra/local/install/context.ts";
import { type Session, startSession } from "../../infra/local/session.ts";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import { parseInstant } from "../../pipeline/core/instant.ts";
import type { DecodedEvent, FeatureRow, PubsubMessage } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { features } from "../../pipeline/features/registry.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { storedRow } from "../../pipeline/stores/offline-panes.ts";
import { bigqueryClient, bigtableClient, publisherClient } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import type { OutgoingMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { publishAll } from "../../pipeline/stores/pubsub-publisher.ts";
import { defaultRetryPolicy, type Retry } from "../../pipeline/stores/retry.ts";
import { expand, viewOracle } from "./oracle.ts";

export const retry: Retry = { policy: defaultRetryPolicy, random: () => 0.5 };

/** Longest wait for something that must happen; no test depends on how long it takes. */
const PATIENCE = { timeout: 90_000, interval: 250 };

/** Waits until `check` no longer throws. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, PATIENCE);
}

/** The main job on a stack of its own. */
export interface Live {
  readonly session: Session;
  readonly job: LocalJob;
  readonly happened: string[];
  stop(): Promise<void>;
}

/** @param [through] the stores as the job sees them, e.g. behind proxies */
export async function startLive(
  through: (stores: StoreEndpoints) => StoreEndpoints | Promise<StoreEndpoints> = (stores) => stores,
): Promise<Live> {
  const runDir = await mkdtemp(path.join(localDir(process.env), "test-live-"));
  const happened: string[] = [];
  const onEvent = (event: string) => happened.push(event);
  const running: { job?: LocalJob } = {};
  const session = await startSession({
    registry: features,
    runDir,
    pubsubEmulatorHost: null,
    onEvent,
    onEngineDied: () => void running.job?.recover("the engine died"),
  });
  const job = await LocalJob.start(session.stack, {
    registry: features,
    endpoints: await through(session.stores),
    checkpointIntervalMs: 1_000,
    startMs: Date.now(),
    onEvent,
  });
  running.job = job;
  return {
    session,
    job,
    happened,
    async stop() {
      await job.stop();
      await session.stack.stop();
      await rm(runDir, { recursive: true, force: true });
    },
  };
}

/** What the functions below need of {@link Live}: where the job's stores are. */
export interface LiveStores {
  readonly session: Pick<Session, "stores">;
}

/** Publishes until every message is acknowledged. */
export async function publish({ session }: LiveStores, messages: readonly OutgoingMessage[]): Promise<void> {
  const { stores } = session;
  const result = await publishAll(publisherClient(stores), stores.project, "shop_event", messages, retry);
  expect(result.refused).toEqual([]);
}

/** Every message that was published, from the raw archive. */
export async function archived({ session }: LiveStores): Promise<PubsubMessage[]> {
  const rows = await query(session, "SELECT * FROM raw_shop_event ORDER BY publish_time, message_id");
  const seen = new Map<string, PubsubMessage>();
  for (const row of rows) {
    seen.set(row["message_id"] as string, {
      data: Buffer.from(row["data"] as string, "base64"),
      attributes: JSON.parse(row["attributes"] as string) as Record<string, string>,
      messageId: row["message_id"] as string,
      publishTimeMs: parseInstant(row["publish_time"] as string) ?? NaN,
      orderingKey: "",
    });
  }
  return [...seen.values()];
}

/** The events among messages, as the pipeline reads them. */
export function eventsOf(messages: readonly PubsubMessage[]): DecodedEvent[] {
  const decode = createDecoder(features.event("shop_event"));
  return messages.map(decode).flatMap((result) => (isDeadLetter(result) ? [] : [result]));
}

/** Every row of a view in the offline store. */
export async function offlineRows({ session }: LiveStores, plan: ViewPlan): Promise<FeatureRow[]> {
  const rows = await query(session, `SELECT * FROM ${plan.name}_v${plan.version} ORDER BY available_at`);
  return rows.map((row) => storedRow(plan, row));
}

/**
 * Waits until both stores say of every (key, window) up to `throughMs` what the oracle says, in values and `seq`, once
 * those windows are complete.
 */
export async function expectTruth(live: LiveStores, plan: ViewPlan, throughMs: number): Promise<void> {
  const store = new BigtableStore(bigtableClient(live.session.stores), live.session.stores, retry);
  await eventually(async () => {
    const mark = await store.readCompleteThrough(plan);
    expect(mark?.completeThroughMs ?? 0).toBeGreaterThanOrEqual(throughMs);
  });
  await expectRows(live, plan, throughMs);
}

/** As {@link expectTruth}, but doesn't wait for the end of the newest window: its early rows must say it. */
export async function expectRows(live: LiveStores, plan: ViewPlan, throughMs: number): Promise<void> {
  const { session } = live;
  const store = new BigtableStore(bigtableClient(session.stores), session.stores, retry);
  const truth = viewOracle(plan, eventsOf(await archived(live))).windows;
  const passed = (windows: ReadonlyMap<number, unknown>) =>
    new Map([...windows].filter(([end]) => end <= throughMs));
  await eventually(async () => {
    const rows = await offlineRows(live, plan);
    const stored = expand(plan, rows);
    expect([...stored.keys()].sort()).toEqual([...truth.keys()].sort());
    for (const [key, windows] of truth)
      expect(passed(stored.get(key) ?? new Map()), key).toEqual(passed(windows));
  });
  // Online, at the last instant of the window that ends there: its pane, or an older one that still speaks for it.
  const atMs = throughMs - 1;
  const answers = await store.answers(plan, [...truth.keys()], atMs);
  for (const [key, windows] of truth) {
    const values = answers.get(key)?.columns.map(({ value }) => value);
    const expected =
      windows.get(throughMs)?.values ??
      plan.columns.map(({ feature }) => plan.features[feature]?.aggregation.empty);
    expect(values, `online ${key}`).toEqual(expected);
  }
}

export function query(session: LiveStores["session"], sql: string) {
  const { stores } = session;
  return queryRows(bigqueryClient(stores), { sql, dataset: stores.bigquery.dataset }, retry);
}
