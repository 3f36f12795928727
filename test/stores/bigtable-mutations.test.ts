import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { setCells } from "../../pipeline/stores/bigtable-mutations.ts";
import { bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import { StoreConfigError, StoreUnavailableError } from "../../pipeline/stores/errors.ts";
import { type EntryCode, type GrpcAction, scriptedBigtable } from "../support/scripted-grpc.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";

/** Faults over a real connection. What the emulator says of good and bad entries is tested against it. */
const KEYS = ["a", "b", "c"];
const ok = (keys: readonly string[]): EntryCode[] => keys.map((_, i) => [i, status.OK]);

async function write(
  act: (keys: readonly string[], index: number) => GrpcAction<readonly EntryCode[]>,
  attempts = 4,
) {
  const calls: string[] = [];
  await using server = await scriptedBigtable((keys, i) => {
    calls.push(keys.join(""));
    return act(keys, i);
  });
  const client = bigtableClient(testEndpoints("d", { bigtable: server.address }));
  const cellOf = (rowKey: string) => ({
    rowKey,
    family: "f",
    qualifier: "q",
    timestampMs: 1,
    value: Buffer.from("v"),
  });
  const result = setCells(client, "projects/p/instances/i/tables/t", KEYS, cellOf, instantRetry(attempts));
  return { refused: await result.catch((thrown: unknown) => thrown), calls };
}

afterEach(closeClients);

describe("setCells", () => {
  it("writes all entries by one request", async () => {
    expect(await write((keys) => ({ results: ok(keys) }))).toEqual({ refused: [], calls: ["abc"] });
  });

  it.each(["UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "RESOURCE_EXHAUSTED", "INTERNAL"] as const)(
    "sends only the entry again that ended with %s",
    async (name) => {
      const { refused, calls } = await write((keys, i) =>
        i === 0
          ? {
              results: [
                [0, status.OK],
                [1, status[name]],
                [2, status.OK],
              ],
            }
          : { results: ok(keys) },
      );
      expect(refused).toEqual([]);
      expect(calls).toEqual(["abc", "b"]);
    },
  );

  it("sends all again when the request failed, even after statuses had come", async () => {
    const { refused, calls } = await write((keys, i) =>
      i === 0 ? { results: [[0, status.OK]], fail: status.UNAVAILABLE } : { results: ok(keys) },
    );
    expect(refused).toEqual([]);
    expect(calls).toEqual(["abc", "abc"]);
  });

  it("takes an entry without a status as not written", async () => {
    const { refused, calls } = await write((keys, i) =>
      i === 0
        ? {
            results: [
              [0, status.OK],
              [2, status.OK],
            ],
          }
        : { results: ok(keys) },
    );
    expect(refused).toEqual([]);
    expect(calls).toEqual(["abc", "b"]);
  });

  it("returns the entry that Bigtable refuses, and writes the others", async () => {
    const { refused, calls } = await write(() => ({
      results: [
        [0, status.OK],
        [1, status.INVALID_ARGUMENT, "row key too long"],
        [2, status.OK],
      ],
    }));
    expect(refused).toEqual([{ entry: "b", detail: "row key too long" }]);
    expect(calls).toEqual(["abc"]);
  });

  it("asks a person at once where the table or the family is missing", async () => {
    const noTable = await write(() => ({ fail: status.NOT_FOUND }));
    expect(noTable.refused).toBeInstanceOf(StoreConfigError);
    expect(String(noTable.refused)).toContain("create it");
    const noFamily = await write((keys) => ({
      results: keys.map((_, i) => [i, status.NOT_FOUND, "no family f"]),
    }));
    expect(noFamily.refused).toBeInstanceOf(StoreConfigError);
    expect([noTable.calls, noFamily.calls]).toEqual([["abc"], ["abc"]]);
  });

  it("fails when an outage lasts", async () => {
    const { refused, calls } = await write(() => ({ fail: status.UNAVAILABLE }), 3);
    expect(refused).toBeInstanceOf(StoreUnavailableError);
    expect(calls).toEqual(["abc", "abc", "abc"]);
  });
});

it("fails in the policy's attempts where nothing listens", async () => {
  const client = bigtableClient(testEndpoints("d"));
  const cellOf = (rowKey: string) => ({
    rowKey,
    family: "f",
    qualifier: "q",
    timestampMs: 1,
    value: Buffer.from("v"),
  });
  const writing = setCells(client, "projects/p/instances/i/tables/t", ["a"], cellOf, instantRetry(2));
  await expect(writing).rejects.toMatchObject({ code: "store_unavailable", fields: { attempts: 2 } });
});
