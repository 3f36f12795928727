import { describe, expect, expectTypeOf, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import type { fraud } from "../../pipeline/features/fraud.ts";
import type { services } from "../../pipeline/features/services.ts";
import { type FeatureClient, featureClient, ReadError } from "../../pipeline/serving/client.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { E, testServer } from "../support/serving.ts";
import { testRow } from "../support/stores.ts";

const purchases = features.plan("user_purchases");

async function client(store: MemoryStore, options = {}): Promise<FeatureClient<typeof services>> {
  const { fetch } = await testServer(store);
  return featureClient<typeof services>({ url: "http://localhost", fetch, ...options });
}
const stored = () =>
  new MemoryStore().write(purchases, testRow(purchases, { key: "ann", windowEndMs: E + 60_000 }));
const failure = async (promise: Promise<unknown>): Promise<ReadError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof ReadError) return error;
  throw new Error("it did not fail by a ReadError");
};

describe("the client", () => {
  it("gives the vector in the service's type", async () => {
    const vector = await (await client(stored())).read("fraud", { user_id: "ann" }, { amount_usd: 8 });
    expectTypeOf(vector).toEqualTypeOf<typeof fraud.$vector>();
    expect(vector).toMatchObject({
      purchase_count_1h: 1,
      mean_amount_1h: 4,
      amount_to_mean: 2,
      above_max: true,
    });
  });

  it("leaves the request out where the service has none", async () => {
    const vector = await (await client(stored())).read("ranking", { user_id: "ann", item_id: "hat" });
    expectTypeOf(vector.item_trend).toEqualTypeOf<number | null>();
    expect(vector.item_trend).toBeNull();
  });

  it("gives many keys' results in their order, each with what there is to know", async () => {
    const store = stored();
    store.unreadable.add("bob");
    const keys = ["ann", "bob"].map((user_id) => ({ user_id }));
    const [ann, bob] = await (await client(store)).readMany("fraud", keys, { amount_usd: 1 });
    expect(ann?.vector?.spend_1h).toBe(3);
    expect(ann?.features?.spend_1h.status).toBe("PRESENT");
    expect(bob?.error?.code).toBe("unreadable_row");
  });

  it("asks for the version that it is told", async () => {
    const pinned = await client(stored(), { versions: { fraud: 2 } });
    const error = await failure(pinned.read("fraud", { user_id: "ann" }, { amount_usd: 1 }));
    expect(error).toMatchObject({ code: "unknown_service", status: 404, retryable: false });
  });

  it("throws the server's problem, a key's fault, and where nothing answers", async () => {
    const store = stored();
    store.unreadable.add("bob");
    const asked = await client(store);
    const read = (user_id: string, amount_usd: number) => asked.read("fraud", { user_id }, { amount_usd });
    const refused = await failure(read("ann", -1));
    expect(refused).toMatchObject({ code: "invalid_request", status: 400 });
    expect(refused.problem?.errors?.[0]?.field).toBe("/request/amount_usd");
    expect(await failure(read("bob", 1))).toMatchObject({ code: "unreadable_row", status: 200 });
    const away = await client(store, { fetch: () => Promise.reject(new TypeError("fetch failed")) });
    expect(await failure(away.read("fraud", { user_id: "ann" }, { amount_usd: 1 }))).toMatchObject({
      code: "unreachable",
      retryable: true,
    });
  });
});

/** Never called. */
export async function mustNotCompile(typed: FeatureClient<typeof services>): Promise<void> {
  // @ts-expect-error a service that there is not
  await typed.read("risk", { user_id: "u" });
  // @ts-expect-error a key of another entity
  await typed.read("fraud", { item_id: "u" }, { amount_usd: 1 });
  // @ts-expect-error the request is missing
  await typed.read("fraud", { user_id: "u" });
  // @ts-expect-error a field of another type
  await typed.read("fraud", { user_id: "u" }, { amount_usd: "1" });
  // @ts-expect-error a field that there is not
  await typed.read("fraud", { user_id: "u" }, { amount_usd: 1, price: 2 });
  // @ts-expect-error a feature that there is not
  expectTypeOf((await typed.read("fraud", { user_id: "u" }, { amount_usd: 1 })).spend_7d).toBeNumber();
}
