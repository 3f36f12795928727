import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { cellTimestampMs, familyOf, rowKeyOf } from "../../pipeline/core/cell.ts";
import { bigtableLayout, CONTROL_FAMILY, tableIdOf } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import { StoreConfigError } from "../../pipeline/stores/errors.ts";
import { countPlan, testPlan } from "../support/plans.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testRow } from "../support/stores.ts";

/**
 * The online store on Bigtable's emulator. It doesn't prove replication, quotas, or when a real instance collects
 * garbage: there it takes days, here it never comes by itself.
 */
const MINUTE = 60_000;
const plan = countPlan({
  slideMs: MINUTE,
  longestMs: 3 * MINUTE,
  sizesMs: [3 * MINUTE],
  freshnessMs: MINUTE,
});
/** A whole minute of now: cells much older than the family's age could be collected. */
const E = Math.floor(Date.now() / MINUTE) * MINUTE;
const endpoints = testEndpoints("stores_bigtable", inject("stack"));
const client = bigtableClient(endpoints);
const store = new BigtableStore(client, endpoints, instantRetry());
const layout = bigtableLayout([plan, testPlan({ name: "everything" })], endpoints.generation);

beforeAll(() => provisionBigtable(client, endpoints.bigtable.instance, layout, instantRetry()));
afterAll(closeClients);

describe("provisionBigtable", () => {
  it("creates families with their garbage collection, and does no harm when run again", async () => {
    await provisionBigtable(client, endpoints.bigtable.instance, layout, instantRetry());
    const table = client.instance(endpoints.bigtable.instance).table(tableIdOf(plan));
    const [families] = await table.getFamilies();
    const rules = Object.fromEntries(families.map(({ id, metadata }) => [id, metadata?.gcRule]));
    expect(Object.keys(rules).sort()).toEqual([CONTROL_FAMILY, "everything.v1.g0", "purchases.v1.g0"]);
    expect(rules[CONTROL_FAMILY]).toMatchObject({ maxNumVersions: 1 });
    expect(JSON.stringify(rules["purchases.v1.g0"])).toContain("union");
  });
});

describe("BigtableStore", () => {
  it("reads a row back whole, with every type of value", async () => {
    const everything = testPlan({ name: "everything" });
    const values = everything.columns.map(
      (_, i) => [0, -1.5, null, "é#\n", true, 2 ** 53 - 1, 0.1][i % 7] ?? null,
    );
    const row = testRow(everything, { key: "ключ 🔑", windowEndMs: E, values, seq: 7 });
    expect(await store.writeRows(everything, [row])).toEqual([]);
    expect(await store.readPanes(everything, ["ключ 🔑", "nobody"], E)).toEqual(new Map([["ключ 🔑", row]]));
  });

  it("serves the fullest pane of a window, in whatever order and however often panes are written", async () => {
    const panes = [3, 1, 2, 1, 3].map((seq) =>
      testRow(plan, { key: "order", windowEndMs: E, seq, values: [seq, seq] }),
    );
    for (const pane of panes) await store.writeRows(plan, [pane]);
    expect((await store.readPanes(plan, ["order"], E)).get("order")?.values).toEqual([3, 3]);
  });

  //      E            E+1m           E+2m
  //  ────[── t = E … ──)[── t = E+1m ──)     at t in [E, E+1m) the window that t lies in ends at E+1m
  //
  it("answers with windows up to the one that t lies in, and never with a later one", async () => {
    const rows = [0, 1, 2].map((n) =>
      testRow(plan, { key: "time", windowEndMs: E + n * MINUTE, values: [n, n] }),
    );
    await store.writeRows(plan, rows);
    const served = async (tMs: number) => (await store.readPanes(plan, ["time"], tMs)).get("time")?.values[0];
    expect(await served(E - MINUTE - 1)).toBeUndefined();
    expect(await served(E - 1)).toBe(0);
    expect(await served(E)).toBe(1);
    expect(await served(E + MINUTE - 1)).toBe(1);
    expect(await served(E + MINUTE)).toBe(2);
  });

  it("keeps the newest pane below the limit where its window has as many events as the slide has ms", async () => {
    const row = testRow(plan, { key: "busy", windowEndMs: E, seq: 10 * MINUTE, values: [5, 5] });
    expect(cellTimestampMs(row, plan.slideMs)).toBe(E + MINUTE - 1);
    await store.writeRows(plan, [row]);
    expect((await store.readPanes(plan, ["busy"], E - 1)).get("busy")?.values).toEqual([5, 5]);
  });

  it("answers for many keys by one request, and for a key without rows by defaults", async () => {
    const keys = Array.from({ length: 1200 }, (_, i) => `many ${i}`);
    await store.writeRows(
      plan,
      keys.map((key, i) => testRow(plan, { key, windowEndMs: E, values: [i, i] })),
    );
    const answers = await store.answers(plan, [...keys, "nobody"], E - 1);
    expect(answers.size).toBe(1201);
    expect(answers.get("many 1199")?.columns[1]).toEqual({ value: 1199, status: "PRESENT" });
    expect(answers.get("nobody")?.columns[1]).toEqual({ value: 0, status: "DEFAULT" });
  });

  it("keeps the greatest complete_through, and is stale without one", async () => {
    const other = countPlan({ ...plan, name: "everything" });
    expect(await store.readCompleteThrough(other)).toBeUndefined();
    expect((await store.answers(other, ["k"], E)).get("k")).toMatchObject({ stale: true, asOfMs: undefined });

    await store.writeCompleteThrough(plan, { completeThroughMs: E, availableAtMs: E + 5 });
    await store.writeCompleteThrough(plan, { completeThroughMs: E - MINUTE, availableAtMs: E + 6 });
    expect(await store.readCompleteThrough(plan)).toEqual({ completeThroughMs: E, availableAtMs: E + 5 });
    expect((await store.answers(plan, ["k"], E + 1)).get("k")).toMatchObject({ stale: false, asOfMs: E });
  });

  it("reads only its own generation and version", async () => {
    const row = testRow(plan, { key: "generation", windowEndMs: E });
    await store.writeRows(plan, [row]);
    // A dot in a family's name is a letter like another: purchases.v1.g0 must not match purchasesxv1xg0.
    const table = client.instance(endpoints.bigtable.instance).table(tableIdOf(plan));
    const alike = familyOf(plan, 0).replaceAll(".", "x");
    await table.createFamily(alike);
    const cell = { value: Buffer.from([99]), timestamp: String((E + 30_000) * 1000) };
    await table.insert({ key: rowKeyOf("generation"), data: { [alike]: { row: cell } } });
    expect((await store.readPanes(plan, ["generation"], E)).get("generation")).toEqual(row);
  });

  it("says what to do about a missing table and a missing family", async () => {
    const noTable = store.writeRows(countPlan({ ...plan, entity: "nowhere" }), [testRow(plan)]);
    await expect(noTable).rejects.toBeInstanceOf(StoreConfigError);
    await expect(noTable).rejects.toThrow("features_nowhere");
    const noFamily = store.writeRows(countPlan({ ...plan, version: 9 }), [testRow(plan)]);
    await expect(noFamily).rejects.toBeInstanceOf(StoreConfigError);
    const noRead = store.readPanes(countPlan({ ...plan, entity: "nowhere" }), ["k"], E);
    await expect(noRead).rejects.toBeInstanceOf(StoreConfigError);
  });
});
