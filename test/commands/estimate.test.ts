import { describe, expect, it } from "vitest";
import { freshet } from "../support/freshet.ts";

const RATE = ["estimate", "--events-per-second", "1000"];

describe("freshet estimate", () => {
  it("shows each line's formula, what it assumes, and how old its prices are", async () => {
    const { code, out } = await freshet(RATE);
    expect(code).toBe(0);
    expect(out).toMatch(/^Bigtable: nodes +474\.50 {2}1 clusters × 1 nodes × 730 h × 0\.65 \$\/h$/m);
    expect(out).toMatch(/^a month, in US dollars +\d+\.\d\d$/m);
    expect(out).toContain("payloadBytes 500");
    expect(out).toContain("not checked online");
  });

  it("takes every assumption as an option", async () => {
    const cheaper = ["--payload-bytes", "100", "--months-kept", "1", "--keys", "10", "--json"];
    const { out } = await freshet([...RATE, "--preset", "prod", ...cheaper]);
    const told = JSON.parse(out) as { usd: number; assumptions: unknown; prices: unknown };
    expect(told.usd).toBeGreaterThan(0);
    expect(told.assumptions).toMatchObject({
      bigtableClusters: 2,
      payloadBytes: 100,
      monthsKept: 1,
      keys: 10,
    });
    expect(told.prices).toMatchObject({ checked: false });
  });

  it.each([
    ["no rate", ["estimate"], 2, "--events-per-second"],
    ["a bad rate", ["estimate", "--events-per-second", "many"], 2, "write a number above 0"],
    ["a part above one", [...RATE, "--share", "2"], 2, "write a part above 0 and at most 1"],
    ["an unknown region", [...RATE, "--region", "mars-north1"], 1, "no prices are known for region"],
  ])("says what is wrong with %s", async (_what, args, exit, sentence) => {
    const { code, err } = await freshet(args);
    expect(err).toContain(sentence);
    expect(code).toBe(exit);
  });
});
