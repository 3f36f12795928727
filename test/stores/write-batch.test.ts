import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultRetryPolicy, type Retry } from "../../pipeline/stores/retry.ts";
import { type EntryFailure, writeBatch } from "../../pipeline/stores/write-batch.ts";
import { type StoreCall, StoreConfigError, StoreUnavailableError } from "../../pipeline/stores/errors.ts";

const call: StoreCall = { store: "BigQuery", operation: "write", target: "t" };
const retry: Retry = {
  policy: { ...defaultRetryPolicy, attempts: 3 },
  random: () => 0,
  sleep: () => Promise.resolve(),
};
const failed = <T>(kind: EntryFailure<T>["kind"], entries: readonly T[]): EntryFailure<T>[] =>
  entries.map((entry) => ({ entry, kind, detail: `${kind} ${String(entry)}` }));

describe("writeBatch", () => {
  it("sends again only what failed", async () => {
    const sent: number[][] = [];
    const refused = await writeBatch(
      call,
      [1, 2, 3, 4],
      (entries) => {
        sent.push([...entries]);
        return Promise.resolve(
          failed(
            "outage",
            entries.filter((n) => n % 2 === 0 && sent.length === 1),
          ),
        );
      },
      retry,
    );
    expect(refused).toEqual([]);
    expect(sent).toEqual([
      [1, 2, 3, 4],
      [2, 4],
    ]);
  });

  it("returns the refused ones once and writes their neighbours", async () => {
    const stored = new Set<number>();
    const refused = await writeBatch(
      call,
      [1, 2, 3],
      (entries) => {
        // As BigQuery does: with one invalid row in a request, the valid ones are stopped.
        const bad = entries.filter((n) => n === 2);
        if (bad.length === 0) for (const n of entries) stored.add(n);
        const stopped = bad.length === 0 ? [] : entries.filter((n) => n !== 2);
        return Promise.resolve([...failed("rejected", bad), ...failed("outage", stopped)]);
      },
      retry,
    );
    expect(refused.map((r) => r.entry)).toEqual([2]);
    expect([...stored]).toEqual([1, 3]);
  });

  it("lets no attempt count that answers after its deadline", async () => {
    let answerLate: (failures: EntryFailure<number>[]) => void = () => undefined;
    const late = new Promise<EntryFailure<number>[]>((resolve) => (answerLate = resolve));
    let attempts = 0;
    const refused = await writeBatch(
      call,
      [1, 2],
      () => (++attempts === 1 ? late : Promise.resolve(failed("rejected", [2]))),
      { ...retry, policy: { ...retry.policy, attemptMs: 5 } },
    );
    answerLate(failed("rejected", [1, 2]));
    await late;
    expect(refused.map(({ entry }) => entry)).toEqual([2]);
  });

  it("gives up on entries that stay failed, and at once on a missing table", async () => {
    const stuck = writeBatch(call, [1, 2], (entries) => Promise.resolve(failed("outage", entries)), retry);
    await expect(stuck).rejects.toBeInstanceOf(StoreUnavailableError);
    const missing = writeBatch(call, [1], (entries) => Promise.resolve(failed("config", entries)), retry);
    await expect(missing).rejects.toBeInstanceOf(StoreConfigError);
  });

  it("blames exactly the poison entries of requests refused as a whole, and writes all others once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (poison) => {
        const stored: number[] = [];
        const refused = await writeBatch(
          call,
          poison.map((_, i) => i),
          (entries) => {
            if (entries.some((i) => poison[i]))
              return Promise.reject(Object.assign(new Error("bad"), { code: 400 }));
            stored.push(...entries);
            return Promise.resolve([]);
          },
          retry,
        );
        const indices = poison.map((_, i) => i);
        expect(refused.map((r) => r.entry)).toEqual(indices.filter((i) => poison[i]));
        expect(stored).toEqual(indices.filter((i) => !poison[i]));
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
