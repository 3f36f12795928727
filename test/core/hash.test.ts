import { describe, expect, test } from "vitest";
import { hash53, shardOf } from "../../pipeline/core/hash.ts";

describe("the hash", () => {
  // Stored row keys and the state of running jobs depend on these: a change here needs a new layout.
  test.each([
    ["", 3338908027751811],
    ["a", 7929297801672961],
    ["user-1", 6545070316597502],
    ["é", 4622794299147134],
    ["日本", 4435415756479116],
  ])("of %j never changes", (text, hash) => {
    expect(hash53(text)).toBe(hash);
  });

  test("is over UTF-8, where an unpaired surrogate is U+FFFD", () => {
    expect(hash53("k\ud800")).toBe(hash53("k\ufffd"));
  });

  test("spreads keys that ascend evenly over the shards", () => {
    const sizes = new Array<number>(64).fill(0);
    for (let i = 0; i < 64_000; i++) {
      const shard = shardOf(`user-${i}`, 64);
      sizes[shard] = (sizes[shard] ?? 0) + 1;
    }
    // 1,000 expected; five standard deviations are 158.
    expect(Math.min(...sizes)).toBeGreaterThan(842);
    expect(Math.max(...sizes)).toBeLessThan(1158);
  });

  test("has no collision among 200,000 keys", () => {
    const hashes = new Set(Array.from({ length: 200_000 }, (_, i) => hash53(`item:${i}`)));
    expect(hashes.size).toBe(200_000);
  });
});
