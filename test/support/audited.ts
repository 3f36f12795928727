/** For tests of `freshet parity` and `freshet explain`: an instructive key, the commands, and rows made wrong. */
import { expect } from "vitest";
import type { DifferenceJson } from "../../pipeline/core/audit/difference-json.ts";
import type { ExplanationJson } from "../../pipeline/core/audit/explanation-contract.ts";
import type { StoredRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigqueryClient, bigtableClient } from "../../pipeline/stores/clients.ts";
import { eventMessage, type OutgoingMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { freshet } from "./freshet.ts";
import { type LiveStores, query, retry } from "./live.ts";

/** The key that has an event of every kind. */
export const EXPLAINED = "explained";

/** A purchase on time, its copy, one from a clock that runs ahead, one too late, and what the view filters. */
export function instructiveEvents(nowMs: number): OutgoingMessage[] {
  const message = (event_id: string, event_type: string, occurred_at: number) => {
    const rest = { user_id: EXPLAINED, item_id: "i", amount_usd: 10, country: "DE" };
    const text = JSON.stringify({ event_id, event_type, ...rest, occurred_at });
    return eventMessage(Buffer.from(text), { eventId: event_id });
  };
  const onTime = message("x-on-time", "purchase", nowMs);
  return [
    onTime,
    message("x-clamped", "purchase", nowMs + 30_000),
    onTime,
    message("x-late", "purchase", nowMs - 600_000),
    message("x-filtered", "view", nowMs),
  ];
}

/** What `freshet parity --json` says, as far as tests look. */
export interface ParityJson {
  readonly agree: boolean;
  readonly views: readonly {
    readonly view: string;
    readonly archive: { readonly messages: number; readonly dead_letters: number } | null;
    readonly keys: number;
    readonly windows: number;
    readonly missing_on_time_row: number;
    readonly differences: number;
    readonly told: readonly DifferenceJson[];
  }[];
}

/** `freshet parity`, as a process. */
export async function runParity(live: LiveStores, ...args: readonly string[]) {
  const { code, out, err } = await freshet(["parity", "--json", ...args, ...storeFlags(live)]);
  expect(err).toBe("");
  return { code, parity: JSON.parse(out) as ParityJson };
}

/** `freshet explain`, as a process: what it prints for tools and for people. */
export async function runExplain(live: LiveStores, plan: ViewPlan, key: string) {
  const args = ["explain", "--view", plan.name, "--key", key, ...storeFlags(live)];
  const [json, text] = await Promise.all([freshet([...args, "--json"]), freshet(args)]);
  expect(json).toMatchObject({ code: 0, err: "" });
  return { explanation: JSON.parse(json.out) as ExplanationJson, text: text.out };
}

/** Changes an online value, deletes an offline row, and adds one that no event stands for. */
export async function tamper(live: LiveStores, plan: ViewPlan, row: StoredRow): Promise<void> {
  const { stores } = live.session;
  const table = featureTableId(plan);
  await new BigtableStore(bigtableClient(stores), stores, retry).writeRows(plan, [
    { ...row, values: row.values.map((value) => (typeof value === "number" ? value + 1 : value)) },
  ]);
  const where = `${plan.keyField} = '${row.key}' AND UNIX_MILLIS(window_end) = ${String(row.windowEndMs)}`;
  await query(live.session, `DELETE FROM ${table} WHERE ${where}`);
  const ghost = featureInsert(plan, { ...row, key: "ghost" });
  await appendRows(bigqueryClient(stores), stores.bigquery.dataset, table, [ghost], retry);
}

/** The options that name the stores of a test. */
export function storeFlags({ session }: LiveStores): string[] {
  const { project, bigtable, bigquery, pubsub } = session.stores;
  return [
    ...["--project", project, "--instance", bigtable.instance, "--dataset", bigquery.dataset],
    ...[
      "--bigtable-emulator",
      bigtable.emulatorHost ?? "",
      "--bigquery-endpoint",
      bigquery.apiEndpoint ?? "",
    ],
    ...["--pubsub-emulator", pubsub.emulatorHost ?? ""],
  ];
}
