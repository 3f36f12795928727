import { expect, test } from "vitest";
import { tickMs } from "../../pipeline/core/complete-through.ts";

test("complete_through ticks with the slide, every 10 s at the least", () => {
  expect([1_000, 10_000, 60_000].map(tickMs)).toEqual([1_000, 10_000, 10_000]);
});
