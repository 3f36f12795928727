import { describe, expect, it } from "vitest";
import type { ReadJson } from "../../pipeline/serving/vector-json.ts";
import { VectorLog, type VectorLogOptions } from "../../pipeline/serving/vector-log.ts";
import type { InsertRow } from "../../pipeline/stores/bigquery-rows.ts";
import { servedVectors } from "../../pipeline/stores/served-rows.ts";

const feature = { value: 1, status: "PRESENT", stale: false, as_of: null, age_ms: null, seq: 1 } as const;
const answer: ReadJson = {
  service: "s",
  version: 2,
  at: "2026-03-01T12:00:00.000Z",
  results: [
    { key: { user_id: "ann" }, features: { n: feature } },
    { key: { user_id: "bob" }, error: { code: "feature_missing", feature: "n", detail: "" } },
  ],
};
const served = { answer, request: { amount: 1 }, requestId: "id", caller: "checkout" };

function log(changes: Partial<VectorLogOptions> = {}) {
  const rows: InsertRow[] = [];
  const outcomes: string[] = [];
  const made = new VectorLog({
    append: (some) => {
      rows.push(...some);
      return Promise.resolve(0);
    },
    generation: 3,
    fraction: 1,
    random: () => 0.5,
    onOutcome: (outcome, n) => outcomes.push(`${outcome} ${String(n)}`),
    onFailure: (why) => outcomes.push(why),
    ...changes,
  });
  return { made, rows, outcomes };
}

describe("the log of served vectors", () => {
  it("has a row for each key, whole, with the columns of its table", async () => {
    const { made, rows, outcomes } = log();
    made.add(served);
    await made.drain();
    expect(rows.map(({ insertId }) => insertId)).toEqual(["id/0", "id/1"]);
    const fields = (i: number) => JSON.parse(rows[i]?.json ?? "{}") as Record<string, unknown>;
    expect(Object.keys(fields(0))).toEqual(servedVectors.fields.map(({ name }) => name));
    expect(fields(0)).toMatchObject({
      service: "s",
      version: 2,
      entity_key: '{"user_id":"ann"}',
      request: '{"amount":1}',
      features: JSON.stringify({ n: feature }),
      error: null,
      generation: 3,
    });
    expect(fields(1)).toMatchObject({ features: null, error: "feature_missing" });
    expect(outcomes).toEqual(["written 2"]);
  });

  it("takes the part of the requests that it is told", async () => {
    const draws = [0.1, 0.2, 0.3, 0.4];
    const { made, rows } = log({ fraction: 0.25, random: () => draws.shift() ?? 1 });
    for (let i = 0; i < 4; i++) made.add(served);
    await made.drain();
    expect(rows).toHaveLength(4);
  });

  it("drops, and counts, what it has no room for and what could not be written", async () => {
    const { made, rows, outcomes } = log({ capacity: 3 });
    made.add(served);
    made.add(served);
    await made.drain();
    expect(rows).toHaveLength(3);
    expect(outcomes).toEqual(["dropped 1", "written 3"]);
    const broken = log({ append: () => Promise.reject(new Error("away")) });
    broken.made.add(served);
    await broken.made.drain();
    expect(broken.outcomes).toEqual(["dropped 2", "2 served vectors are not logged: away"]);
    const refusing = log({ append: () => Promise.resolve(1) });
    refusing.made.add(served);
    await refusing.made.drain();
    expect(refusing.outcomes).toEqual(["refused 1", "written 1"]);
  });
});
