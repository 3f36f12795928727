import { describe, expect, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import { Heartbeats } from "../../pipeline/serving/heartbeats.ts";
import { MemoryStore } from "../support/memory-store.ts";

const [purchases, activity] = features.plans as [
  (typeof features.plans)[number],
  (typeof features.plans)[number],
];
const OPTIONS = { everyMs: 1, budgetMs: 100 };

describe("heartbeats", () => {
  it("are known once they were read, and only grow", async () => {
    const store = new MemoryStore();
    const heartbeats = new Heartbeats(store, features.plans, OPTIONS);
    expect([heartbeats.of(purchases), heartbeats.alive]).toEqual([undefined, false]);
    store.marks.set(purchases.name, 7);
    await heartbeats.refresh();
    expect([heartbeats.of(purchases), heartbeats.of(activity), heartbeats.alive]).toEqual([
      7,
      undefined,
      true,
    ]);
    store.marks.set(purchases.name, 5);
    await heartbeats.refresh();
    expect(heartbeats.of(purchases)).toBe(7);
  });

  it("keep what is known where an entity's can't be read, and say why", async () => {
    const store = new MemoryStore();
    const failures: string[] = [];
    const heartbeats = new Heartbeats(store, features.plans, {
      ...OPTIONS,
      onFailure: (why) => failures.push(why),
    });
    store.marks.set(purchases.name, 7);
    await heartbeats.refresh();
    store.before = () => Promise.reject(new Error("away"));
    await heartbeats.refresh();
    expect(heartbeats.of(purchases)).toBe(7);
    expect(failures).toEqual(["away", "away"]);
  });

  it("are read again until they are stopped", async () => {
    const store = new MemoryStore();
    const heartbeats = new Heartbeats(store, [purchases], OPTIONS);
    const { promise: third, resolve } = Promise.withResolvers<undefined>();
    let readings = 0;
    store.before = () => {
      readings += 1;
      if (readings === 3) {
        heartbeats.stop();
        resolve(undefined);
      }
      return Promise.resolve();
    };
    heartbeats.start();
    const keepsRunning = setInterval(() => undefined, 1_000); // its own timer lets a process end
    await third;
    clearInterval(keepsRunning);
    expect(readings).toBe(3);
  });
});
